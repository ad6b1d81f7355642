using System.Buffers;

namespace GatewayKit.Forwarding;

/// <summary>Two streams of bytes after an upgrade, until both have ended or nothing has moved for too long.</summary>
internal static class Tunnel
{
    private const int BufferSize = 16_384;

    /// <returns>How it failed, or <see cref="ForwardError.None"/> when both sides ended.</returns>
    public static async ValueTask<(ForwardError Error, Exception? Exception)> RunAsync(Stream client, Stream destination, ExchangeClock clock)
    {
        clock.BecomesTunnel();
        var up = CopyAsync(client, destination, clock);
        var down = CopyAsync(destination, client, clock);
        var first = await Task.WhenAny(up, down).ConfigureAwait(false);
        var second = first == up ? down : up;
        var ended = await first.ConfigureAwait(false);
        if (ended is not null)
        {
            // A reset on one side is a reset on the other.
            clock.Cancel();
        }

        var other = await second.ConfigureAwait(false);
        if (clock.Error is not ForwardError.None and var error)
        {
            return (error, ended ?? other);
        }

        return (ended ?? other) is { } exception
            ? ((ended is not null) == (first == up) ? ForwardError.ClientAborted : ForwardError.UpstreamTruncated, exception)
            : (ForwardError.None, null);
    }

    // Ends with the stream it reads: the end is passed on by closing the write side where the stream has one.
    private static async Task<Exception?> CopyAsync(Stream source, Stream target, ExchangeClock clock)
    {
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
                        return null;
                    }

                    clock.Moved();
                    await target.WriteAsync(buffer.AsMemory(0, read), clock.Token).ConfigureAwait(false);
                    await target.FlushAsync(clock.Token).ConfigureAwait(false);
                    clock.Moved();
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}
