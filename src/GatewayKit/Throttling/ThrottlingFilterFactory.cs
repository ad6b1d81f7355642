using GatewayKit.Pipeline;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>Lets a request through while its allowance lasts.</summary>
internal sealed class ThrottlingFilterFactory(ThrottleAllowances allowances, ThrottlingMetrics metrics, PeerDeadlines deadlines, TimeProvider time) : GatewayFilterFactory<ThrottlePolicy>, ILimitReaders
{
    private static readonly GatewayProblem Gone = new(RejectionReason.ClientAborted);

    // Runs whenever an endpoint is built, which is more than once (A7): state comes from the singleton, never from here.
    protected override EndpointFilterDelegate Create(ThrottlePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        // A throttle in shadow mode refuses nobody, so nothing is taken or given back for it, and nobody waits.
        ThrottlePolicy[] enforced = [.. endpoint.Policies.OfType<ThrottlePolicy>().Where(static one => one.Mode is PolicyMode.Enforce)];
        var place = Array.FindIndex(enforced, one => ReferenceEquals(one, policy));
        var isFollowed = place >= 0 && (place < enforced.Length - 1 || endpoint.Policies.Any(static one => one is QuotaPolicy or PlanPolicy && one.Mode is PolicyMode.Enforce));
        var throttle = new Throttle(
            new(policy, allowances.For(endpoint, policy), isFollowed, isLate: place > 0 && IsLate(endpoint.Policies, enforced[0], policy)),
            [.. enforced.Take(place).Select(one => new ThrottleLimit(one, allowances.For(endpoint, one)))],
            policy,
            endpoint.RouteId,
            next);
        var maxDelay = ThrottleClock.ToUnits(policy.MaxDelay);
        return throttle.Limit.Waits ? Ask : place >= 0 && maxDelay > 0 ? Pace : invocation =>
        {
            var context = Begin(invocation);
            var decision = throttle.Limit.Take(context, out var cost, maxDelay);
            return decision.IsTaken ? next(invocation) : new(Refuse(throttle, context, decision, cost));
        };

        ValueTask<object?> Pace(EndpointFilterInvocationContext invocation)
        {
            var context = Begin(invocation);
            var decision = TakeTurn(throttle, context, maxDelay, out var cost);
            return !decision.IsTaken ? new(Refuse(throttle, context, decision, cost))
                : decision.Wait == 0 ? next(invocation)
                : DelayAsync(throttle, context, decision, cost);
        }

        ValueTask<object?> Ask(EndpointFilterInvocationContext invocation)
        {
            var context = Begin(invocation);
            var taking = throttle.Limit.TakeAsync(context, out var cost);
            return !taking.IsCompletedSuccessfully ? AwaitAsync(throttle, context, taking, cost)
                : taking.Result.IsTaken ? next(invocation)
                : new(Refuse(throttle, context, taking.Result, cost));
        }

        GatewayContext Begin(EndpointFilterInvocationContext invocation)
        {
            var context = GatewayContext.From(invocation);
            if (isFollowed && context.ChargedSince == 0)
            {
                // Those before it may run in shadow for this caller.
                context.ChargedSince = allowances.Clock.Now;
            }

            return context;
        }
    }

    LimitReader ILimitReaders.ReaderOf(IGatewayPolicy policy, GatewayEndpoint endpoint) =>
        new RateReader((ThrottlePolicy)policy, allowances.For(endpoint, (ThrottlePolicy)policy)).ReadAsync;

    // All that is between may take its time, but for throttles that decide at once.
    private static bool IsLate(IEnumerable<IGatewayPolicy> policies, ThrottlePolicy first, ThrottlePolicy policy) => policies
        .SkipWhile(one => !ReferenceEquals(one, first)).TakeWhile(one => !ReferenceEquals(one, policy))
        .Any(static one => one is not ThrottlePolicy throttle || throttle.MaxDelay > TimeSpan.Zero || throttle.Sharing != RateSharing.Local);

    private static async ValueTask<object?> AwaitAsync(Throttle throttle, GatewayContext context, ValueTask<RateDecision> taking, long cost)
    {
        RateDecision decision;
        try
        {
            decision = await taking.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // Whether the store has taken it nobody knows: it stays taken.
            GiveBack(throttle, context);
            return Gone;
        }

        return decision.IsTaken ? await throttle.Next(context).ConfigureAwait(false) : Refuse(throttle, context, decision, cost);
    }

    // All or nothing: a request that this one refuses has taken nothing of those before it.
    private static GatewayProblem Refuse(Throttle throttle, GatewayContext context, in RateDecision decision, long cost)
    {
        GiveBack(throttle, context);
        return throttle.Limit.Refuse(decision, cost);
    }

    private static void GiveBack(Throttle throttle, GatewayContext context)
    {
        foreach (var charged in throttle.Earlier)
        {
            charged.Return(context);
        }
    }

    // All that may forbid a wait is asked before anything is taken: a turn that is given back is lost for those who came meanwhile.
    private RateDecision TakeTurn(Throttle throttle, GatewayContext context, long maxDelay, out long cost)
    {
        var hasPlace = throttle.Limit.TryWait();
        var decision = throttle.Limit.Take(context, out cost, hasPlace ? Math.Min(maxDelay, LongestWait(context)) : 0);
        if (hasPlace && (!decision.IsTaken || decision.Wait == 0))
        {
            throttle.Limit.EndWait();
        }

        return decision;
    }

    private async ValueTask<object?> DelayAsync(Throttle throttle, GatewayContext context, RateDecision decision, long cost)
    {
        var (httpContext, limit) = (context.HttpContext, throttle.Limit);
        var wait = ThrottleClock.ToTimeSpan(decision.Wait);
        deadlines.Note(context);

        // Timers count in milliseconds: nobody goes on too early.
        var delay = Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, httpContext.RequestAborted);
        metrics.Delayed(throttle.RouteId, throttle.Policy.Partition, wait);
        await delay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        limit.EndWait();
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            limit.Leave(context, decision, cost);
            GiveBack(throttle, context);
            return Gone;
        }

        return await throttle.Next(context).ConfigureAwait(false);
    }

    // Who would be too late anyway is told at once.
    private long LongestWait(GatewayContext context)
    {
        var now = time.GetTimestamp();
        return deadlines.Of(context, now) is not long.MaxValue and var deadline ? Math.Max(0, ThrottleClock.ToUnits(time.GetElapsedTime(now, deadline)) - 1) : long.MaxValue;
    }

    private sealed record Throttle(ThrottleLimit Limit, ThrottleLimit[] Earlier, ThrottlePolicy Policy, string RouteId, EndpointFilterDelegate Next);
}
