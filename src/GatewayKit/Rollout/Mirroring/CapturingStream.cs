using GatewayKit.Pipeline;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Copies what is read from the body of an answer. The reader is not held up, and gets what it would get without.</summary>
internal sealed class CapturingStream(Stream inner, BodyCapture capture) : ForwardOnlyStream
{
    public override bool CanRead => inner.CanRead;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = inner.ReadAsync(buffer, cancellationToken);
        if (!reading.IsCompletedSuccessfully)
        {
            return AwaitAsync(reading, buffer);
        }

        var read = reading.Result;
        capture.Append(buffer.Span[..read]);
        return new(read);
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        capture.Append(buffer.AsSpan(offset, read));
        return read;
    }

    public override void Flush() => inner.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> AwaitAsync(ValueTask<int> reading, Memory<byte> buffer)
    {
        var read = await reading.ConfigureAwait(false);
        capture.Append(buffer.Span[..read]);
        return read;
    }
}
