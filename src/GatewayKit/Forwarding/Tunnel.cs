using System.Buffers;

namespace GatewayKit.Forwarding;

/// <summary>Two streams of bytes after an upgrade, until both have ended or nothing has moved for too long.</summary>
internal static class Tunnel
{
    private const int BufferSize = 16_384;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    /// <returns>How it failed, or <see cref="ForwardError.None"/> when both sides ended.</returns>
    public static async ValueTask<(ForwardError Error, Exception? Exception)> RunAsync(Stream client, Stream destination, ExchangeClock clock)
    {
        clock.BecomesTunnel();
        var up = CopyAsync(client, destination, clock);
        var down = CopyAsync(destination, client, clock);
        var first = await Task.WhenAny(up, down).ConfigureAwait(false);
        var failure = await first.ConfigureAwait(false);
        if (first == up && failure.Cause is null)
        {
            // The client has said all: what the destination still says to that may arrive.
            await Task.WhenAny(down, clock.Delay(CloseLimit)).ConfigureAwait(false);
        }

        // A destination that has ended is gone, whatever the client still sends; a reset on one side is a reset on the other.
        var error = clock.Error;
        clock.Cancel();
        await Task.WhenAll(up, down).ConfigureAwait(false);
        if (error is not ForwardError.None)
        {
            return (error, failure.Cause);
        }

        // A failed read is its sender's fault, a failed write its receiver's.
        return failure.Cause is null ? (ForwardError.None, null)
            : ((first == up) == failure.InRead ? ForwardError.ClientAborted : ForwardError.UpstreamTruncated, failure.Cause);
    }

    // Ends with the stream it reads. Never throws.
    private static async Task<(Exception? Cause, bool InRead)> CopyAsync(Stream source, Stream target, ExchangeClock clock)
    {
        var inRead = true;
        try
        {
            while (true)
            {
                await source.ReadAsync(Memory<byte>.Empty, clock.Token).ConfigureAwait(false);
                var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
                try
                {
                    var read = await source.ReadAsync(buffer, clock.Token).ConfigureAwait(false);
                    if (read == 0)
                    {
                        return default;
                    }

                    inRead = false;
                    clock.Moved();
                    await target.WriteAsync(buffer.AsMemory(0, read), clock.Token).ConfigureAwait(false);
                    await target.FlushAsync(clock.Token).ConfigureAwait(false);
                    clock.Moved();
                    inRead = true;
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        catch (Exception exception)
        {
            return (exception, inRead);
        }
    }
}
