using System.Runtime.CompilerServices;
using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// Sends a request again while it is admitted. Polly's own retry has neither a budget nor a list of terms, and waits out whatever a destination
/// asks for.
/// </summary>
internal sealed class RetryStrategy(RetryAdmission admission, RetryMetrics metrics, TimeProvider time, CancellationToken draining) : ResilienceStrategy<AttemptResult>
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected override async ValueTask<Outcome<AttemptResult>> ExecuteCore<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<AttemptResult>>> callback, ResilienceContext context, TState state)
    {
        var ring = RingCall.Of(context, state);
        while (true)
        {
            var outcome = await callback(context, state).ConfigureAwait(false);
            if (outcome.Exception is not null)
            {
                return outcome;
            }

            var decision = admission.Decide(ring, outcome.Result, out var wait);
            if (decision is RetryDecision.NotNeeded)
            {
                return outcome;
            }

            metrics.Decided(ring.Call, outcome.Result, decision, admission.IsShadow);
            if (decision is not RetryDecision.Retry || admission.IsShadow)
            {
                ring.IsExhausted = decision is RetryDecision.AttemptsUsed or RetryDecision.BudgetSpent or RetryDecision.LeftToGateway;
                return outcome;
            }

            if (!await LetGoAsync(ring, outcome.Result, wait).ConfigureAwait(false))
            {
                return Outcome.FromResult(new AttemptResult(ForwardError.ClientAborted));
            }
        }
    }

    // The connection of an answer nobody will read is given back before the next attempt needs one.
    private async ValueTask<bool> LetGoAsync(RingCall ring, AttemptResult result, TimeSpan wait)
    {
        if (result.Exchange is { } former)
        {
            await former.EndAsync().ConfigureAwait(false);
        }

        var aborted = ring.Call.HttpContext.RequestAborted;
        if (wait > TimeSpan.Zero && !draining.IsCancellationRequested)
        {
            // A host that stops has no time to wait: it tries at once.
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(aborted, draining);
            await Task.Delay(wait, time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return !aborted.IsCancellationRequested;
    }
}
