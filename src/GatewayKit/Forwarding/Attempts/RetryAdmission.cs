using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Http;
using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// Decides whether a request is sent again: every one of ten terms must hold, and the first that does not is the reason on record. A cluster without a
/// policy of retries goes from a destination that cannot be reached to another one, and nothing more: nothing was sent then.
/// </summary>
internal sealed class RetryAdmission(
    RetryPolicy? policy, RetryBudget budget, QuantileEstimate attemptTime, TimeProvider time, TrustedPeers peers, Func<double> random, CancellationToken draining)
{
    /// <summary>How many further destinations are asked when one after the other cannot be reached, whatever the policy says of other failures.</summary>
    public const int MostConnects = 2;

    private static readonly RetryPolicy Defaults = new();

    /// <summary>Whether something has failed, so that there is something to decide.</summary>
    public static bool IsNeeded(in Outcome<AttemptResult> attempt) => attempt.Exception is not null || IsNeeded(attempt.Result);

    private static bool IsNeeded(in AttemptResult result) => result.Error is not ForwardError.None || result.Answer is { StatusCode: >= HttpStatusCode.BadRequest };

    /// <summary>Whether the request may be sent again after what came of its latest attempt.</summary>
    /// <param name="ring">The request.</param>
    /// <param name="result">What came of the attempt.</param>
    /// <param name="wait">How long to wait first.</param>
    public RetryDecision Decide(RingCall ring, in AttemptResult result, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (!IsNeeded(result))
        {
            return RetryDecision.NotNeeded;
        }

        var unreached = RetryableFailures.IsBeforeProcessing(result);
        ref readonly var call = ref ring.Call;
        var request = call.HttpContext.Request;
        return ring.Attempts > (unreached ? Math.Max(MostConnects, policy?.MaxRetries ?? 0) : policy?.MaxRetries ?? 0) ? UsedOr(result)
            : !RetryableFailures.Contains(result, policy) ? RetryDecision.NotRetryable
            : !unreached && !IsSafe(request) ? RetryDecision.NotSafe
            : result.Exchange is { Body.CanBeSentAgain: false } ? RetryDecision.BodyGone
            : call.HttpContext.RequestAborted.IsCancellationRequested ? RetryDecision.ClientGone
            : !unreached && (call.IsGrpc || call.Upgrade is not null) ? RetryDecision.Stream
            : !Fits(ring, result, unreached, out wait) ? RetryDecision.TooLate
            : !ring.HasDestination(elsewhere: policy is null) ? RetryDecision.NoDestination
            : IsRetryOfGateway(call.HttpContext) || result.Answer is { } last && AttemptFields.IsExhausted(last) ? RetryDecision.LeftToGateway
            : wait > TimeSpan.Zero && draining.IsCancellationRequested ? RetryDecision.Draining
            : policy is not { Mode: PolicyMode.Shadow } && !budget.TryWithdraw() ? RetryDecision.BudgetSpent
            : RetryDecision.Retry;
    }

    // What could not have been retried anyway says so, however many attempts there were.
    private RetryDecision UsedOr(in AttemptResult result) =>
        RetryableFailures.Contains(result, policy) ? RetryDecision.AttemptsUsed : RetryDecision.NotRetryable;

    // One more here would multiply.
    private bool IsRetryOfGateway(HttpContext httpContext) => AttemptFields.IsRetry(httpContext.Request) && peers.Include(httpContext);

    private bool IsSafe(HttpRequest request) => Idempotency.Is(request.Method)
        || (policy is { HonorIdempotencyKey: true } && request.Headers.TryGetValue("Idempotency-Key", out var keys) && keys.Count == 1 && keys[0] is { Length: > 0 });

    private bool Fits(RingCall ring, in AttemptResult result, bool unreached, out TimeSpan wait)
    {
        var settings = policy ?? Defaults;

        // A destination that was not reached has no time to recover: the next one is another.
        wait = unreached && ring.Attempts == 1 && ring.HasDestination(elsewhere: true) ? TimeSpan.Zero
            : Backoff.Of(ring.Attempts - 1, settings.BaseDelay, settings.MaxDelay, random());
        if (result.Answer is { } answer && RetryAfterField.Of(answer, time) is { } asked)
        {
            if (asked > settings.MaxRetryAfter)
            {
                return false;
            }

            wait = asked > wait ? asked : wait;
        }

        return ring.Call.Deadline.Allows(wait, attemptTime, time);
    }
}
