using System.Runtime.CompilerServices;
using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// Sends a request again while it is admitted. Polly's own retry has neither a budget nor a list of terms, and waits out whatever a destination
/// asks for.
/// </summary>
/// <param name="admission">Who decides; <see langword="null"/> if nothing is sent again.</param>
/// <param name="shadow">A policy that is only tried: what it would add is counted. <see langword="null"/> for none.</param>
/// <param name="metrics">Who counts.</param>
/// <param name="time">The clock.</param>
/// <param name="draining">Cancelled when the host begins to stop.</param>
internal sealed class RetryStrategy(RetryAdmission? admission, RetryAdmission? shadow, RetryMetrics metrics, TimeProvider time, CancellationToken draining)
    : ResilienceStrategy<AttemptResult>
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected override async ValueTask<Outcome<AttemptResult>> ExecuteCore<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<AttemptResult>>> callback, ResilienceContext context, TState state)
    {
        var ring = RingCall.Of(context, state);
        while (true)
        {
            var outcome = await callback(context, state).ConfigureAwait(false);
            if (outcome.Exception is not null || !IsSentAgain(ring, outcome.Result, out var wait))
            {
                return outcome;
            }

            await LetGoAsync(ring, outcome.Result, wait).ConfigureAwait(false);
            if (ring.AbortedBy is not ForwardError.None and var aborted)
            {
                return Outcome.FromResult(new AttemptResult(aborted));
            }
        }
    }

    private bool IsSentAgain(RingCall ring, in AttemptResult result, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (admission is not null && Decide(admission, ring, result, isShadow: false, out wait))
        {
            return true;
        }

        if (shadow is not null)
        {
            Decide(shadow, ring, result, isShadow: true, out _);
        }

        return false;
    }

    private bool Decide(RetryAdmission admission, RingCall ring, in AttemptResult result, bool isShadow, out TimeSpan wait)
    {
        var decision = admission.Decide(ring, result, out wait);
        if (decision is RetryDecision.NotNeeded)
        {
            return false;
        }

        // One count for each failure: where a policy is tried, what it says of those that stay.
        if (isShadow || shadow is null || decision is RetryDecision.Retry or RetryDecision.ClientGone)
        {
            metrics.Decided(ring.Call, result, decision, isShadow);
        }

        ring.IsExhausted |= !isShadow && decision is (RetryDecision.AttemptsUsed or RetryDecision.BudgetSpent or RetryDecision.LeftToGateway);

        // Whoever is gone gets no answer either: that is found out before anything is sent.
        return decision is RetryDecision.Retry or RetryDecision.ClientGone;
    }

    // The connection of an answer nobody will read is given back before the next attempt needs one.
    private async ValueTask LetGoAsync(RingCall ring, AttemptResult result, TimeSpan wait)
    {
        if (result.Exchange is { } former)
        {
            await former.EndAsync().ConfigureAwait(false);
        }

        if (wait > TimeSpan.Zero)
        {
            // A host that begins to stop waits no longer. The answer is given up by then: it tries at once.
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(ring.Call.HttpContext.RequestAborted, draining);
            await Task.Delay(wait, time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
