using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>One message on its way through the host's strategies, which may send it more than once or not at all.</summary>
internal sealed class Sending(HttpMessageInvoker invoker, HttpRequestMessage message)
{
    private HttpResponseMessage? _latest;

    /// <summary>Sends it. Failures are outcomes: strategies look at the exceptions that they know from <see cref="HttpClient"/>.</summary>
    public static async ValueTask<Outcome<AttemptResult>> SendAsync(ResilienceContext context, Sending sending)
    {
        // A strategy that asks again has dropped the former answer.
        sending._latest?.Dispose();
        sending._latest = null;
        try
        {
            sending._latest = await sending.Send(context.CancellationToken).ConfigureAwait(false);
            return Outcome.FromResult(AttemptResult.FromAnswer(sending._latest));
        }
        catch (Exception exception)
        {
            return Outcome.FromException<AttemptResult>(exception);
        }
    }

    /// <summary>Drops the destination's answer unless it is the one that is kept.</summary>
    public void DropBut(HttpResponseMessage? kept)
    {
        if (!ReferenceEquals(_latest, kept))
        {
            _latest?.Dispose();
        }
    }

    private Task<HttpResponseMessage> Send(CancellationToken cancellationToken) => invoker.SendAsync(message, cancellationToken);
}
