using GatewayKit.Pipeline;
using GatewayKit.Resilience.Faults;

namespace GatewayKit.Clusters;

/// <summary>
/// Closes the connection of an answer that is given up. Disposing it would read what is left of it and use the connection again, whatever
/// was wrong (RFC 9112 §6.3, §9.3). A copy that is cancelled while it runs closes it at once; over HTTP/2 and 3 disposing does.
/// </summary>
internal static class BrokenConnection
{
    /// <param name="answer">What is given up.</param>
    /// <param name="endsAtOnce">Whether its stream obeys the cancellation. One of a handler of the host is told to end, but not waited for.</param>
    public static async Task CloseAsync(HttpResponseMessage answer, bool endsAtOnce)
    {
        if (answer.Version.Major >= 2)
        {
            return;
        }

        using var source = new CancellationTokenSource();
        using var held = new HeldStream();
        try
        {
            var content = (answer.Content as PacedContent)?.Inner ?? answer.Content;
            var opening = content.ReadAsStreamAsync(source.Token);
            var copying = opening.IsCompletedSuccessfully ? (await opening.ConfigureAwait(false)).CopyToAsync(held, 4_096, source.Token) : opening;
            await source.CancelAsync().ConfigureAwait(false);
            held.Fail();
            if (endsAtOnce)
            {
                await copying.ConfigureAwait(false);
            }
            else
            {
                _ = copying.Observed();
            }
        }
        catch (Exception)
        {
            // What is broken already throws. All that matters is that it is closed.
        }
    }

    /// <summary>Takes what it is given only to refuse it when told to.</summary>
    private sealed class HeldStream : ForwardOnlyStream
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool CanWrite => true;

        public void Fail() => _held.TrySetException(new IOException("The answer is given up."));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => new(_held.Task);

        public override void Flush()
        {
        }

        // A copy that never wrote must leave no faulted task behind.
        protected override void Dispose(bool disposing)
        {
            _ = _held.Task.Exception;
            base.Dispose(disposing);
        }
    }
}
