using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience;

/// <summary>What the answer of an endpoint says of the endpoint.</summary>
internal sealed class EndpointResults(PauseDetector pauses, TimeProvider time)
{
    /// <param name="context">The request.</param>
    /// <param name="result">What the endpoint returned.</param>
    /// <param name="policy">What counts.</param>
    /// <param name="began">When it was called, as a timestamp.</param>
    public CallResult Of(GatewayContext context, object? result, CircuitBreakerPolicy policy, long began)
    {
        if (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return OfCancelled(context, began);
        }

        if (result is GatewayProblem problem && (SaysNothing(problem) || (problem.StatusCode == StatusCodes.Status504GatewayTimeout && pauses.Covers(began, time.GetTimestamp()))))
        {
            return CallResult.Neutral;
        }

        return GatewayResults.StatusOf(context.HttpContext, result) switch
        {
            StatusCodes.Status502BadGateway or StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout => CallResult.Failure,
            >= 500 => policy.CountServerErrors ? CallResult.Failure : CallResult.Success,
            StatusCodes.Status429TooManyRequests => policy.CountTooManyRequests ? CallResult.Failure : CallResult.Neutral,
            _ => CallResult.Success,
        };
    }

    public CallResult Of(GatewayContext context, Exception exception, long began) =>
        context.HttpContext.RequestAborted.IsCancellationRequested ? OfCancelled(context, began)
        : exception is BadHttpRequestException ? CallResult.Neutral
        : CallResult.Failure;

    // The deadline has passed, and the endpoint took too long, unless it was this process that did; or the client went away.
    private CallResult OfCancelled(GatewayContext context, long began)
    {
        var now = time.GetTimestamp();
        return now >= context.Deadline && !pauses.Covers(began, now) ? CallResult.Failure : CallResult.Neutral;
    }

    // A policy further inside has refused a request that never got to what the circuit is about.
    private static bool SaysNothing(GatewayProblem problem) =>
        problem.StatusCode < StatusCodes.Status500InternalServerError
        || problem.Reason == RejectionReason.CircuitOpen
        || problem.Reason == RejectionReason.Overloaded
        || problem.Reason == RejectionReason.LimiterUnavailable
        || problem.Reason == RejectionReason.Draining
        || problem.Reason == RejectionReason.Superseded
        || problem.Reason == RejectionReason.LoopDetected;
}
