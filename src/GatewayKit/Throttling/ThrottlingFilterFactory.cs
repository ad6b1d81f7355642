using GatewayKit.Pipeline;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>Lets a request through while its allowance lasts.</summary>
internal sealed class ThrottlingFilterFactory(ThrottleAllowances allowances, ThrottlingMetrics metrics, TrustedPeers peers, TimeProvider time) : GatewayFilterFactory<ThrottlePolicy>
{
    private static readonly GatewayProblem Gone = new(RejectionReason.ClientAborted);

    // Runs whenever an endpoint is built, which is more than once (A7): state comes from the singleton, never from here.
    protected override EndpointFilterDelegate Create(ThrottlePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        // A throttle in shadow mode refuses nobody, so nothing is taken or given back for it, and nobody waits.
        ThrottlePolicy[] enforced = [.. endpoint.Policies.OfType<ThrottlePolicy>().Where(static one => one.Mode is PolicyMode.Enforce)];
        var place = Array.FindIndex(enforced, one => ReferenceEquals(one, policy));
        var isShared = place >= 0 && (enforced.Length > 1 || endpoint.Policies.OfType<QuotaPolicy>().Any(static one => one.Mode is PolicyMode.Enforce));
        var throttle = new Throttle(Limit(policy), [.. enforced.Take(place).Select(Limit)], endpoint.RouteId, policy.Partition, next);
        return throttle.Limit.Waits ? Ask : invocation =>
        {
            var context = Begin(invocation);
            var decision = throttle.Limit.Take(context, out var cost);
            return !decision.IsTaken ? new(Refuse(throttle, context, decision, cost))
                : decision.Wait == 0 || place < 0 ? next(invocation)
                : DelayAsync(throttle, context, decision, cost);
        };

        ThrottleLimit Limit(ThrottlePolicy one) => new(one, allowances.For(endpoint, one), isShared);

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
            if (isShared && context.ChargedSince == 0)
            {
                // Those before it may run in shadow for this caller.
                context.ChargedSince = allowances.Clock.Now;
            }

            return context;
        }
    }

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
            charged.Return(context, context.ChargedSince);
        }
    }

    private async ValueTask<object?> DelayAsync(Throttle throttle, GatewayContext context, RateDecision decision, long cost)
    {
        var (httpContext, limit) = (context.HttpContext, throttle.Limit);
        var wait = ThrottleClock.ToTimeSpan(decision.Wait);

        // Who would be too late anyway is told at once.
        if (IsTooLate(context, wait) || !limit.TryWait())
        {
            limit.Return(context, decision, cost);
            return Refuse(throttle, context, decision, cost);
        }

        // Timers count in milliseconds: nobody goes on too early.
        var delay = Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, httpContext.RequestAborted);
        metrics.Delayed(throttle.RouteId, throttle.Partition, wait);
        await delay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        limit.EndWait();
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            limit.Return(context, decision, cost);
            GiveBack(throttle, context);
            return Gone;
        }

        return await throttle.Next(context).ConfigureAwait(false);
    }

    // What a gateway in front says counts from here on: the time that is waited is none that the destination has.
    private bool IsTooLate(GatewayContext context, TimeSpan wait)
    {
        var now = time.GetTimestamp();
        if (peers.Include(context.HttpContext) && DeadlineField.TryRead(context.HttpContext.Request, out var wanted)
            && now + (long)(wanted.TotalSeconds * time.TimestampFrequency) is var deadline && deadline < context.Deadline)
        {
            (context.Deadline, context.DeadlineGrants) = (deadline, TimeSpan.Zero);
        }

        return context.Deadline != long.MaxValue && time.GetElapsedTime(now, context.Deadline) <= wait;
    }

    private sealed record Throttle(ThrottleLimit Limit, ThrottleLimit[] Earlier, string RouteId, ThrottlePartition Partition, EndpointFilterDelegate Next);
}
