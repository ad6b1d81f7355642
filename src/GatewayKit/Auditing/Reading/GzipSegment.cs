using System.Buffers.Binary;
using System.IO.Compression;
using GatewayKit.Pipeline;

namespace GatewayKit.Auditing.Reading;

/// <summary>
/// The content of a compressed segment (RFC 1952), read to its last byte: one member without names or comments, its checksum and length right, and nothing behind it. The
/// framework's stream leaves what follows the member unread, where something could hide.
/// </summary>
internal sealed class GzipSegment : ForwardOnlyStream
{
    private const int HeaderBytes = 10;
    private const int TrailerBytes = 8;

    private readonly Stream _file;
    private readonly MemberData _data;
    private readonly DeflateStream _content;
    private uint _checksum;
    private uint _length;
    private bool _isDone;

    /// <exception cref="InvalidDataException">It does not begin as a compressed segment does.</exception>
    public GzipSegment(Stream file)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        var data = file.Length - HeaderBytes - TrailerBytes;
        if (data < 1 || file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header[..8].SequenceEqual((ReadOnlySpan<byte>)[0x1f, 0x8b, 8, 0, 0, 0, 0, 0]))
        {
            file.Dispose();
            throw new InvalidDataException("it does not begin like one (RFC 1952 §2.3), or has a name, a time or a comment that no segment has");
        }

        _file = file;
        _data = new(file, data);
        _content = new(_data, CompressionMode.Decompress, leaveOpen: true);
    }

    public override bool CanRead => true;

    public override int Read(Span<byte> buffer) => Follow(_content.Read(buffer), buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Follow(await _content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false), buffer.Span);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Follow(int read, Span<byte> buffer)
    {
        if (read > 0)
        {
            _checksum = Crc32.Append(_checksum, buffer[..read]);
            _length += (uint)read;
        }
        else if (!_isDone && buffer.Length > 0)
        {
            _isDone = true;
            End();
        }

        return read;
    }

    private void End()
    {
        if (_data.Left > 0 || _data.WasTooShort)
        {
            throw new InvalidDataException(_data.WasTooShort ? "its content has no end" : "something follows its content");
        }

        Span<byte> trailer = stackalloc byte[TrailerBytes];
        _file.ReadExactly(trailer);
        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != _checksum || BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != _length)
        {
            throw new InvalidDataException("its content is not of the checksum or length that stands at its end");
        }
    }

    // Near its end it is handed out byte by byte: so whoever decompresses has asked for exactly what he needed, and the rest is left over.
    private sealed class MemberData(Stream file, long length) : ForwardOnlyStream
    {
        private const int Slowly = 64;

        public long Left { get; private set; } = length;

        public bool WasTooShort { get; private set; }

        public override bool CanRead => true;

        public override int Read(Span<byte> buffer)
        {
            var read = file.Read(buffer[..Most(buffer.Length)]);
            Left -= read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await file.ReadAsync(buffer[..Most(buffer.Length)], cancellationToken).ConfigureAwait(false);
            Left -= read;
            return read;
        }

        private int Most(int asked)
        {
            WasTooShort |= Left is 0 && asked > 0;
            return (int)Math.Min(asked, Left > Slowly ? Left - Slowly : Math.Min(Left, 1));
        }
    }
}
