using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>Lets a request through while there is a place for it, or until one comes free.</summary>
internal sealed class BulkheadFilterFactory(Bulkheads bulkheads, BulkheadMetrics metrics, TimeProvider time) : GatewayFilterFactory<BulkheadPolicy>
{
    /// <summary>When a client that found no place may ask again: a place may be free at any time.</summary>
    private static readonly GatewayProblem Full = new(RejectionReason.Overloaded, retryAfter: TimeSpan.FromSeconds(1));

    private static readonly GatewayProblem TooLate = new(RejectionReason.DeadlineExceeded);
    private static readonly GatewayProblem Gone = new(RejectionReason.ClientAborted);

    // Runs whenever an endpoint is built, which is more than once (A7): who is in flight is counted by the singleton.
    protected override EndpointFilterDelegate Create(BulkheadPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var bulkhead = bulkheads.For(endpoint, policy);
        var maxStreams = policy.MaxStreams ?? policy.MaxInFlight;
        if (policy.Mode is PolicyMode.Shadow)
        {
            return context => Watch(context.HttpContext, bulkhead, policy, maxStreams) ? next(context) : new(Full);
        }

        return context =>
        {
            var isStream = LongLived.IsAsked(context.HttpContext);
            if (isStream ? !bulkhead.Streams.TryTake(maxStreams) : !bulkhead.Requests.TryTake(policy.MaxInFlight))
            {
                return isStream || policy.Queue == 0 ? new(Full) : WaitAsync(GatewayContext.From(context), bulkhead, policy, maxStreams, next);
            }

            BulkheadLease.Hold(bulkhead, isStream, context.HttpContext.Response, maxStreams);
            return next(context);
        };
    }

    // Everyone is counted, and nobody waits: those beyond the queue would have been refused.
    private static bool Watch(HttpContext httpContext, Bulkhead bulkhead, BulkheadPolicy policy, int maxStreams)
    {
        var isStream = LongLived.IsAsked(httpContext);
        var (places, most) = isStream ? (bulkhead.Streams, maxStreams) : (bulkhead.Requests, policy.MaxInFlight + policy.Queue);
        var hasRoom = places.Taken < most;
        places.Take();
        BulkheadLease.Hold(bulkhead, isStream, httpContext.Response, maxStreams);
        return hasRoom;
    }

    private async ValueTask<object?> WaitAsync(GatewayContext context, Bulkhead bulkhead, BulkheadPolicy policy, int maxStreams, EndpointFilterDelegate next)
    {
        var start = time.GetTimestamp();
        var left = context.Deadline == long.MaxValue ? TimeSpan.MaxValue : time.GetElapsedTime(start, context.Deadline);
        if (left <= TimeSpan.Zero)
        {
            return TooLate;
        }

        bool isIn;
        try
        {
            var limit = left < policy.MaxWait ? left : policy.MaxWait;
            isIn = await bulkhead.Requests.TakeAsync(policy.MaxInFlight, policy.Queue, limit, context.HttpContext.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Gone;
        }

        metrics.Waited(bulkhead, time.GetElapsedTime(start));
        if (!isIn)
        {
            return time.GetTimestamp() >= context.Deadline ? TooLate : Full;
        }

        BulkheadLease.Hold(bulkhead, isStream: false, context.HttpContext.Response, maxStreams);
        return await next(context).ConfigureAwait(false);
    }
}
