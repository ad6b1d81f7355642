using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>Lets a request through while there is a place for it, or until one comes free.</summary>
internal sealed class BulkheadFilterFactory(Bulkheads bulkheads, BulkheadMetrics metrics, EndpointResults results, TimeProvider time) : GatewayFilterFactory<BulkheadPolicy>
{
    /// <summary>When a client that found no place may ask again: a place may be free at any time.</summary>
    private static readonly GatewayProblem Full = new(RejectionReason.Overloaded, retryAfter: TimeSpan.FromSeconds(1));

    private static readonly GatewayProblem QueueFull = new(RejectionReason.Overloaded, retryAfter: Full.RetryAfter) { Cause = OverloadCauses.QueueFull };
    private static readonly GatewayProblem QueueTimeout = new(RejectionReason.Overloaded, retryAfter: Full.RetryAfter) { Cause = OverloadCauses.QueueTimeout };
    private static readonly GatewayProblem TooLate = new(RejectionReason.DeadlineExceeded);
    private static readonly GatewayProblem Gone = new(RejectionReason.ClientAborted);

    // Runs whenever an endpoint is built, which is more than once (A7): who is in flight is counted by the singleton.
    protected override EndpointFilterDelegate Create(BulkheadPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var bulkhead = bulkheads.For(endpoint, policy);
        var adapts = policy.Adaptive is { Mode: not PolicyMode.Off };
        var terms = new PlaceTerms(policy.MaxInFlight, policy.Queue ?? (adapts ? null : 0), policy.MaxWait, policy.Adaptive, bulkhead, policy.Priorities);
        var maxStreams = policy.MaxStreams ?? policy.MaxInFlight;
        if (policy.Mode is PolicyMode.Shadow)
        {
            return context => Watch(GatewayContext.From(context), bulkhead, terms, maxStreams, out var sample) ? Run(GatewayContext.From(context), sample, next) : new(Full);
        }

        return context =>
        {
            var isStream = LongLived.IsAsked(context.HttpContext);
            var share = isStream ? null : terms.ShareOf(GatewayContext.From(context).Priority);
            if (isStream ? !bulkhead.Streams.TryTake(maxStreams) : !bulkhead.Requests.TryTake(share, terms.Max))
            {
                return isStream || policy.Queue is 0 || (policy.Queue is null && !adapts) ? new(Full) : WaitAsync(GatewayContext.From(context), bulkhead, terms, maxStreams, next);
            }

            if (!isStream && terms.WouldRefuse(share, bulkhead.Requests.Taken))
            {
                metrics.Refused(bulkhead, share, isStream: false, isShadow: true);
            }

            return Run(GatewayContext.From(context), Hold(bulkhead, terms, PlaceOf(bulkhead, share, isStream), context.HttpContext.Response, maxStreams), next);
        };
    }

    // Nobody waits: those who would have are counted as if they had a place, and those beyond the queue, who would have been refused, not at all.
    private bool Watch(GatewayContext context, Bulkhead bulkhead, PlaceTerms terms, int maxStreams, out EndpointSample? sample)
    {
        var isStream = LongLived.IsAsked(context.HttpContext);
        var share = isStream ? null : terms.ShareOf(context.Priority);
        var (places, most) = isStream ? (bulkhead.Streams, maxStreams) : (bulkhead.Requests, terms.Max + terms.MostWaiting);
        var hasRoom = places.TryTake(share, most);
        sample = hasRoom ? Hold(bulkhead, terms, PlaceOf(bulkhead, share, isStream), context.HttpContext.Response, maxStreams) : null;
        return hasRoom;
    }

    // None for a stream.
    private static PlaceClass? PlaceOf(Bulkhead bulkhead, PlaceShare? share, bool isStream) => isStream ? null : share?.Class ?? bulkhead.Requests.Unclassed;

    private EndpointSample? Hold(Bulkhead bulkhead, PlaceTerms terms, PlaceClass? place, HttpResponse response, int maxStreams)
    {
        var sample = terms.IsSampled && place is not null ? new EndpointSample(results, terms, bulkhead.Requests, response, time) : null;
        BulkheadLease.Hold(bulkhead, place, response, maxStreams, sample);
        return sample;
    }

    private static ValueTask<object?> Run(GatewayContext context, EndpointSample? sample, EndpointFilterDelegate next)
    {
        if (sample is null)
        {
            return next(context);
        }

        ValueTask<object?> answer;
        try
        {
            answer = next(context);
        }
        catch (Exception exception)
        {
            sample.Throws(context, exception);
            throw;
        }

        if (!answer.IsCompletedSuccessfully)
        {
            return AwaitAsync(context, sample, answer);
        }

        var result = answer.Result;
        sample.Returns(context, result);
        return new(result);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<object?> AwaitAsync(GatewayContext context, EndpointSample sample, ValueTask<object?> answer)
    {
        object? result;
        try
        {
            result = await answer.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            sample.Throws(context, exception);
            throw;
        }

        sample.Returns(context, result);
        return result;
    }

    private async ValueTask<object?> WaitAsync(GatewayContext context, Bulkhead bulkhead, PlaceTerms terms, int maxStreams, EndpointFilterDelegate next)
    {
        var start = time.GetTimestamp();
        var left = context.Deadline == long.MaxValue ? TimeSpan.MaxValue : time.GetElapsedTime(start, context.Deadline);
        if (left <= TimeSpan.Zero)
        {
            return TooLate;
        }

        var share = terms.ShareOf(context.Priority);
        PlaceWait wait;
        try
        {
            wait = await bulkhead.Requests.TakeAsync(terms, share, left, context.HttpContext.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Gone;
        }

        metrics.Waited(bulkhead, time.GetElapsedTime(start));
        if (wait is not PlaceWait.Taken)
        {
            return time.GetTimestamp() >= context.Deadline ? TooLate : wait is PlaceWait.QueueFull ? QueueFull : QueueTimeout;
        }

        return await Run(context, Hold(bulkhead, terms, PlaceOf(bulkhead, share, isStream: false), context.HttpContext.Response, maxStreams), next).ConfigureAwait(false);
    }
}
