using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>Whether a fallback wants to stand in, and whether it may.</summary>
internal sealed class FallbackRules(FallbackPolicy policy, GatewayEndpoint endpoint, TimeProvider time)
{
    // Less is not enough to ask anyone else.
    private static readonly TimeSpan LeastLeft = TimeSpan.FromMilliseconds(50);

    /// <summary>What a result says that is a failure; <see langword="null"/> if it is none.</summary>
    public static FallbackCause? CauseOf(HttpContext httpContext, object? result)
    {
        if (GatewayResults.Innermost(result) is GatewayProblem problem)
        {
            return new(httpContext, problem.Reason, problem.StatusCode, null);
        }

        var status = GatewayResults.StatusOf(httpContext, result);
        return status >= StatusCodes.Status400BadRequest ? new(httpContext, null, status, null) : null;
    }

    /// <summary>Whether the policy names the failure.</summary>
    public bool Names(in FallbackCause cause)
    {
        if (policy.OnOpen && cause.Reason is { } reason && IsOpen(reason))
        {
            return true;
        }

        if (policy.OnFailure is not { } failures)
        {
            return false;
        }

        return (cause switch
        {
            { Reason: { } refusal } => failures.Reasons.Contains(refusal.Code),
            { Exception: { } exception } => failures.Exceptions && exception is not BadHttpRequestException,
            _ => failures.Statuses.Contains(cause.Status),
        }) || failures.When?.Invoke(cause) is true;
    }

    /// <summary>Why it may not stand in all the same; <see langword="null"/> if it may.</summary>
    public string? Obstacle(GatewayContext context, in FallbackCause cause)
    {
        var httpContext = context.HttpContext;
        var deadline = Math.Min(context.Deadline, context.LatestAttempt?.EndsAt ?? long.MaxValue);
        var left = deadline == long.MaxValue ? TimeSpan.MaxValue : time.GetElapsedTime(time.GetTimestamp(), deadline);
        if (httpContext.Response.HasStarted)
        {
            return "started";
        }

        if (left > TimeSpan.Zero && httpContext.RequestAborted.IsCancellationRequested)
        {
            return "client_gone";
        }

        // A client of gRPC reads nothing but gRPC, and one that wants a socket is not served by a handler that has none.
        if (policy.Kind is not FallbackKind.Cluster && GrpcCall.Is(httpContext.Request))
        {
            return "stream";
        }

        return policy.Kind is FallbackKind.Answer ? null
            : left < LeastLeft || cause.Reason == RejectionReason.DeadlineExceeded ? "too_late"
            : !Idempotency.Is(httpContext.Request.Method) && MayBeProcessed(context) ? "not_safe"
            : !HasBody(context) ? "body_gone"
            : null;
    }

    private static bool IsOpen(RejectionReason reason) =>
        ReferenceEquals(reason, RejectionReason.CircuitOpen) || ReferenceEquals(reason, RejectionReason.NoHealthyUpstream) || ReferenceEquals(reason, RejectionReason.Overloaded);

    // What a policy further inside has stopped has reached nobody. A handler of the host may have done anything before it failed.
    private bool MayBeProcessed(GatewayContext context) => context.EndedAt is null && (!endpoint.IsRoute || context.MayBeProcessed);

    // The body can be sent again if there is none, if nobody has read of it, or if all that was read is kept, which is for another cluster alone.
    private bool HasBody(GatewayContext context)
    {
        var httpContext = context.HttpContext;
        if (!BodyDetection.MayHaveBody(httpContext))
        {
            return true;
        }

        if (endpoint.IsRoute)
        {
            return !context.HasLostBody;
        }

        // Bound before the first filter ran, but a host that buffers bodies can have it again.
        if (!httpContext.Request.Body.CanSeek)
        {
            return false;
        }

        httpContext.Request.Body.Position = 0;
        return true;
    }
}
