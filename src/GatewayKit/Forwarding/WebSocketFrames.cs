using System.Buffers.Binary;
using System.Security.Cryptography;

namespace GatewayKit.Forwarding;

/// <summary>
/// Finds where the frames of one direction of a WebSocket begin and end. It reads their heads and counts the rest (RFC 6455 §5.2): nothing
/// is kept, unmasked or judged. Bytes that are no frames are noticed, and from then on there are no borders.
/// </summary>
/// <param name="masked">Whether frames of this direction are masked: those of a client are, those of a server are not (RFC 6455 §5.1).</param>
internal sealed class WebSocketFrames(bool masked)
{
    private const int Close = 0x8;

    private readonly byte[] _head = new byte[10];
    private int _headLength;
    private ulong _left;
    private bool _isClose;
    private bool _lost;

    /// <summary>Whether a frame could be put in here.</summary>
    public bool IsAtBorder => _left == 0 && _headLength == 0 && !_lost;

    /// <summary>Whether a whole Close has passed: the sender will send nothing more (RFC 6455 §5.5.1).</summary>
    public bool HasClosed { get; private set; }

    /// <summary>A Close with status 1001, going away (RFC 6455 §7.4.1).</summary>
    public static byte[] GoingAway(bool masked)
    {
        if (!masked)
        {
            return [0x88, 0x02, 0x03, 0xe9];
        }

        // With a fresh key (§5.3).
        byte[] frame = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];
        RandomNumberGenerator.Fill(frame.AsSpan(2, 4));
        frame[6] ^= frame[2];
        frame[7] ^= frame[3];
        return frame;
    }

    /// <summary>Reads on.</summary>
    /// <returns>How many of the bytes belong to whole frames; -1 if they lie within one frame.</returns>
    public int Advance(ReadOnlySpan<byte> bytes)
    {
        var border = IsAtBorder ? 0 : -1;
        var at = 0;
        while (at < bytes.Length && !_lost)
        {
            if (_left > 0)
            {
                var step = (int)Math.Min(_left, (ulong)(bytes.Length - at));
                _left -= (ulong)step;
                at += step;
            }
            else
            {
                at += ReadHead(bytes[at..]);
            }

            if (IsAtBorder)
            {
                HasClosed |= _isClose;
                border = at;
            }
        }

        return border;
    }

    private int ReadHead(ReadOnlySpan<byte> bytes)
    {
        // Most frames are short and most heads in one piece.
        if (_headLength == 0 && bytes.Length >= 2 && (bytes[1] & 0x7f) < 126)
        {
            (_head[0], _head[1], _headLength) = (bytes[0], bytes[1], 2);
            Begin();
            return 2;
        }

        var taken = 0;
        while (taken < bytes.Length)
        {
            _head[_headLength++] = bytes[taken++];
            if (_headLength == HeadLength())
            {
                Begin();
                break;
            }
        }

        return taken;
    }

    // Without the masking key, which is counted to the payload.
    private int HeadLength() => _headLength < 2 ? 2 : (_head[1] & 0x7f) switch
    {
        126 => 4,
        127 => 10,
        _ => 2,
    };

    private void Begin()
    {
        var opcode = _head[0] & 0x0f;
        _left = _headLength switch
        {
            2 => (ulong)(_head[1] & 0x7f),
            4 => BinaryPrimitives.ReadUInt16BigEndian(_head.AsSpan(2)),
            _ => BinaryPrimitives.ReadUInt64BigEndian(_head.AsSpan(2)),
        };

        // A control frame is short and in one piece (§5.5); other codes mean nothing (§5.2); a length has 63 bits.
        var isControl = opcode >= Close;
        _lost = opcode is (> 0x2 and < Close) or > 0xa
            || (isControl && (_left > 125 || (_head[0] & 0x80) == 0))
            || _left > long.MaxValue
            || (_head[1] & 0x80) != 0 != masked;
        _left += masked ? 4UL : 0;
        _isClose = opcode == Close;
        _headLength = 0;
    }
}
