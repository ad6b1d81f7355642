using System.Threading.RateLimiting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>Lets a request through when a limiter of the framework's kind gives it a lease, and holds that until the response is done.</summary>
internal sealed class RateLimiterFilterFactory(RateLimiterRegistry limiters, PeerDeadlines deadlines, TimeProvider time) : GatewayFilterFactory<RateLimiterPolicy>
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

        var asking = new Asking(limiter, policy.Permits, [policy.Limiter], next);
        if (policy.Mode is PolicyMode.Shadow)
        {
            // Nobody waits for what nobody has to wait for.
            return invocation => Go(asking, limiter.AttemptAcquire(invocation.HttpContext, asking.Permits), GatewayContext.From(invocation));
        }

        // Asked once: what a limiter that is made of several has taken for a refused request is gone.
        return invocation =>
        {
            var context = GatewayContext.From(invocation);
            if (deadlines.Note(context) is { } left)
            {
                return WaitAsync(asking, left, context);
            }

            var acquiring = limiter.AcquireAsync(context.HttpContext, asking.Permits, context.HttpContext.RequestAborted);
            return acquiring.IsCompletedSuccessfully ? Go(asking, acquiring.Result, context) : AwaitAsync(asking, acquiring, context, late: null);
        };
    }

    // Tied to the response, not to the pipeline: the answer of a destination is written behind it.
    private static ValueTask<object?> Go(Asking asking, RateLimitLease lease, GatewayContext context)
    {
        if (!lease.IsAcquired)
        {
            return new(Refuse(asking, lease));
        }

        context.HttpContext.Response.RegisterForDispose(lease);
        return asking.Next(context);
    }

    private async ValueTask<object?> WaitAsync(Asking asking, TimeSpan left, GatewayContext context)
    {
        if (left <= TimeSpan.Zero)
        {
            return TooLate;
        }

        using var late = new CancellationTokenSource(left, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.HttpContext.RequestAborted, late.Token);
        return await AwaitAsync(asking, asking.Limiter.AcquireAsync(context.HttpContext, asking.Permits, end.Token), context, late).ConfigureAwait(false);
    }

    // In its own queue, if it has one.
    private static async ValueTask<object?> AwaitAsync(Asking asking, ValueTask<RateLimitLease> acquiring, GatewayContext context, CancellationTokenSource? late)
    {
        RateLimitLease lease;
        try
        {
            lease = await acquiring.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Gone;
        }
        catch (OperationCanceledException) when (late is { IsCancellationRequested: true })
        {
            return TooLate;
        }

        return await Go(asking, lease, context).ConfigureAwait(false);
    }

    private static GatewayProblem Refuse(Asking asking, RateLimitLease lease)
    {
        using (lease)
        {
            var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : (TimeSpan?)null;
            return new(RejectionReason.RateLimited, retryAfter: wait) { ViolatedPolicies = asking.Violated };
        }
    }

    private sealed record Asking(PartitionedRateLimiter<HttpContext> Limiter, int Permits, string[] Violated, EndpointFilterDelegate Next);
}
