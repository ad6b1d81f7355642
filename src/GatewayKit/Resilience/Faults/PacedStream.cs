using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Faults;

/// <summary>A stream through which so much passes in a second, in twentieths of one, so that it is slow rather than stalled.</summary>
internal sealed class PacedStream(Stream inner, long bytesPerSecond, TimeProvider time) : ForwardOnlyStream
{
    private readonly int _step = (int)Math.Clamp(bytesPerSecond / 20, 1, 65_536);

    public override bool CanRead => inner.CanRead;

    public override bool CanWrite => inner.CanWrite;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, _step)], cancellationToken).ConfigureAwait(false);
        await PaceAsync(count, cancellationToken).ConfigureAwait(false);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var piece = buffer[..Math.Min(buffer.Length, _step)];
            await PaceAsync(piece.Length, cancellationToken).ConfigureAwait(false);
            await inner.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
            buffer = buffer[piece.Length..];
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    private Task PaceAsync(int count, CancellationToken cancellationToken) =>
        count == 0 ? Task.CompletedTask : Task.Delay(TimeSpan.FromSeconds(count / (double)bytesPerSecond), time, cancellationToken);
}
