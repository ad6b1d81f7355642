using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>One message on its way through the host's strategies, which may send it more than once or not at all.</summary>
/// <param name="invoker">What to send it by.</param>
/// <param name="message">The message.</param>
/// <param name="faults">What is injected instead; <see langword="null"/> for nothing.</param>
/// <param name="fallBack">
/// Makes the message to send where the destination has refused the version of HTTP; strategies see what comes of that one. <see langword="null"/> if there is none.
/// </param>
internal sealed class Sending(HttpMessageInvoker invoker, HttpRequestMessage message, FaultInjection? faults, Func<Exception, HttpRequestMessage?>? fallBack)
{
    private readonly FaultInjection? _faults = faults;
    private HttpRequestMessage _message = message;
    private HttpResponseMessage? _latest;

    /// <summary>How often it was sent: with the second time, what the last failure says of the first is nothing.</summary>
    public int Count { get; private set; }

    /// <summary>Sends it, or does what was drawn instead: innermost, so that the host's strategies meet the faults too.</summary>
    public static ValueTask<Outcome<AttemptResult>> SendAsync(ResilienceContext context, Sending sending) =>
        sending._faults is { } faults ? faults.SendAsync(context, sending) : SendOnAsync(context, sending);

    /// <summary>Sends it. Failures are outcomes: strategies look at the exceptions that they know from <see cref="HttpClient"/>.</summary>
    public static async ValueTask<Outcome<AttemptResult>> SendOnAsync(ResilienceContext context, Sending sending)
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

    /// <summary>Whether an outcome is the destination's own answer.</summary>
    public bool IsLatest(in Outcome<AttemptResult> outcome) => outcome.Exception is null && _latest is not null && ReferenceEquals(outcome.Result.Answer, _latest);

    /// <summary>Drops the destination's answer unless it is the one that is kept.</summary>
    public void DropBut(HttpResponseMessage? kept)
    {
        if (!ReferenceEquals(_latest, kept))
        {
            _latest?.Dispose();
        }
    }

    private async ValueTask<HttpResponseMessage> Send(CancellationToken cancellationToken)
    {
        Count++;
        try
        {
            return await invoker.SendAsync(_message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            if (cancellationToken.IsCancellationRequested || fallBack?.Invoke(exception) is not { } other)
            {
                throw;
            }

            _message = other;
        }

        return await invoker.SendAsync(_message, cancellationToken).ConfigureAwait(false);
    }
}
