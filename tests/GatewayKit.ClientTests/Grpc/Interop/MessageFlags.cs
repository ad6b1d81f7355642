namespace GatewayKit.ClientTests.Grpc.Interop;

/// <summary>
/// Reads a body of gRPC on its way past and notes which messages were compressed: each has a prefix of one byte of flags and four of
/// length. Neither side of Grpc.* says so of a single message.
/// </summary>
internal sealed class MessageFlags(Stream body) : Stream
{
    private const int PrefixBytes = 5;
    private readonly List<bool> _compressed = [];
    private readonly byte[] _prefix = new byte[PrefixBytes];
    private int _inPrefix;
    private long _inMessage;

    /// <summary>Whether each message that has begun so far is compressed.</summary>
    public bool[] Compressed
    {
        get
        {
            lock (_compressed)
            {
                return [.. _compressed];
            }
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        Note(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Note(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_inMessage > 0)
            {
                var passed = (int)Math.Min(_inMessage, bytes.Length);
                _inMessage -= passed;
                bytes = bytes[passed..];
                continue;
            }

            _prefix[_inPrefix] = bytes[0];
            bytes = bytes[1..];
            if (++_inPrefix == PrefixBytes)
            {
                _inPrefix = 0;
                _inMessage = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(_prefix.AsSpan(1));
                lock (_compressed)
                {
                    _compressed.Add(_prefix[0] == 1);
                }
            }
        }
    }
}
