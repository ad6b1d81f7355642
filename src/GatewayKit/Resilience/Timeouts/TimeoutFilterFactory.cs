using System.Reflection;
using System.Runtime.CompilerServices;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Fallbacks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience.Timeouts;

/// <summary>
/// Sets a deadline. On a gateway route that is one number, which the exchange with the cluster keeps to; in front of a handler of the host it is a
/// clock that cancels.
/// </summary>
internal sealed partial class TimeoutFilterFactory(HandlerClocks clocks, TrustedPeers peers, TimeProvider time, ILogger<TimeoutFilterFactory> logger)
    : GatewayFilterFactory<TimeoutPolicy>
{
    private static readonly GatewayProblem Exceeded = new(RejectionReason.DeadlineExceeded);

    protected override EndpointFilterDelegate Create(TimeoutPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        if (policy.Mode is PolicyMode.Shadow)
        {
            return context => WatchAsync(context, policy, next);
        }

        if (endpoint.IsRoute)
        {
            return context =>
            {
                Shorten(GatewayContext.From(context), policy, policy.Total, granted: policy.Total);
                return next(context);
            };
        }

        // Where the method is not known, as for actions of MVC, all arguments are looked at.
        var takesToken = endpoint.Metadata.GetMetadata<MethodInfo>() is not { } handler
            || Array.Exists(handler.GetParameters(), static parameter => parameter.ParameterType == typeof(CancellationToken));
        return context => !policy.EndsStreams && IsStream(context.HttpContext) ? next(context) : RunAsync(GatewayContext.From(context), policy, takesToken, next);
    }

    private static bool IsStream(HttpContext httpContext) => WebSocketHandshake.IsAsked(httpContext) || GrpcCall.Is(httpContext.Request);

    private void Shorten(GatewayContext context, TimeoutPolicy policy, TimeSpan left, TimeSpan granted)
    {
        var deadline = time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency);
        if (deadline < context.Deadline)
        {
            (context.Deadline, context.DeadlineGrants) = (deadline, granted);
        }

        context.DeadlineSparesStreams = !policy.EndsStreams;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> RunAsync(GatewayContext context, TimeoutPolicy policy, bool takesToken, EndpointFilterDelegate next)
    {
        var (left, granted) = (policy.Total, policy.Total);
        if (peers.Include(context.HttpContext) && DeadlineField.TryRead(context.HttpContext.Request, out var wanted) && wanted < left)
        {
            if (wanted <= TimeSpan.Zero)
            {
                return Exceeded;
            }

            (left, granted) = (wanted, TimeSpan.Zero);
        }

        Shorten(context, policy, left, granted);
        var clock = clocks.Rent();
        clock.Start(context, !policy.EndsStreams, takesToken);
        object? result = null;
        try
        {
            result = await next(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (clock.HasPassed)
        {
            // Drivers have many names for a call that was cancelled.
            Log.Ended(logger, exception, context.Endpoint.RouteId);
        }

        if (!clock.HasPassed)
        {
            return result;
        }

        if (context.Fallback is { Kind: FallbackMetrics.Answer } && result is not GatewayProblem)
        {
            // A fixed answer takes no time, and is better than none.
            clock.Release();
            return result;
        }

        // What a cancelled handler returns may be half of what it wanted to, and the caller has given up.
        await GatewayResults.DiscardAsync(result).ConfigureAwait(false);
        clock.Release();
        return context.RefuseAnswer(policy, Exceeded);
    }

    // On a route the time to the head of the answer counts: what is behind it has not come yet.
    private async ValueTask<object?> WatchAsync(EndpointFilterInvocationContext context, TimeoutPolicy policy, EndpointFilterDelegate next)
    {
        var start = time.GetTimestamp();
        var result = await next(context).ConfigureAwait(false);
        var isSpared = !policy.EndsStreams && (IsStream(context.HttpContext) || LongLived.IsEventStream(context.HttpContext.Response.ContentType));
        return isSpared || time.GetElapsedTime(start) < policy.Total ? result : Exceeded;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.HandlerDeadline, LogLevel.Debug, "A handler on {Route} ended when its deadline had passed.")]
        public static partial void Ended(ILogger logger, Exception exception, string route);
    }
}
