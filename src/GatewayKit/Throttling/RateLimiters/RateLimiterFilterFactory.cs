using System.Threading.RateLimiting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>Lets a request through when a limiter of the framework's kind gives it a lease, and holds that until the response is done.</summary>
internal sealed class RateLimiterFilterFactory(RateLimiterRegistry limiters, TimeProvider time) : GatewayFilterFactory<RateLimiterPolicy>
{
    private static readonly GatewayProblem Missing = new(RejectionReason.LimiterUnavailable);
    private static readonly GatewayProblem Gone = new(RejectionReason.ClientAborted);
    private static readonly GatewayProblem TooLate = new(RejectionReason.DeadlineExceeded);

    protected override EndpointFilterDelegate Create(RateLimiterPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        if (limiters.Find(policy) is not { } limiter)
        {
            return static _ => new(Missing);
        }

        var (permits, mayWait) = (policy.Permits, policy.Mode is PolicyMode.Enforce);
        return invocation =>
        {
            var lease = limiter.AttemptAcquire(invocation.HttpContext, permits);
            return lease.IsAcquired ? Pass(lease, invocation, next)
                : mayWait ? WaitAsync(limiter, permits, lease, GatewayContext.From(invocation), next)
                : new(Refuse(lease));
        };
    }

    // Tied to the response, not to the pipeline: the answer of a destination is written behind it.
    private static ValueTask<object?> Pass(RateLimitLease lease, EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        invocation.HttpContext.Response.RegisterForDispose(lease);
        return next(invocation);
    }

    // Its own queue, if it has one, as the framework's middleware asks it.
    private async ValueTask<object?> WaitAsync(PartitionedRateLimiter<HttpContext> limiter, int permits, RateLimitLease refused, GatewayContext context, EndpointFilterDelegate next)
    {
        refused.Dispose();
        var left = context.Deadline == long.MaxValue ? Timeout.InfiniteTimeSpan : time.GetElapsedTime(time.GetTimestamp(), context.Deadline);
        if (left <= TimeSpan.Zero && left != Timeout.InfiniteTimeSpan)
        {
            return TooLate;
        }

        using var late = new CancellationTokenSource(left, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.HttpContext.RequestAborted, late.Token);
        RateLimitLease lease;
        try
        {
            lease = await limiter.AcquireAsync(context.HttpContext, permits, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return context.HttpContext.RequestAborted.IsCancellationRequested ? Gone : TooLate;
        }

        return lease.IsAcquired ? await Pass(lease, context, next).ConfigureAwait(false) : Refuse(lease);
    }

    private static GatewayProblem Refuse(RateLimitLease lease)
    {
        using (lease)
        {
            return new(RejectionReason.RateLimited, retryAfter: lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : null);
        }
    }
}
