using GatewayKit.Pipeline;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>Lets a request through while its allowance lasts.</summary>
internal sealed class ThrottlingFilterFactory(ThrottleAllowances allowances) : GatewayFilterFactory<ThrottlePolicy>
{
    // Runs whenever an endpoint is built, which is more than once (A7): state comes from the singleton, never from here.
    protected override EndpointFilterDelegate Create(ThrottlePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var limit = Limit(policy);

        // A throttle in shadow mode refuses nobody, so nothing is taken or given back for it.
        ThrottlePolicy[] enforced = [.. endpoint.Policies.OfType<ThrottlePolicy>().Where(static one => one.Mode is PolicyMode.Enforce)];
        return Array.FindIndex(enforced, one => ReferenceEquals(one, policy)) switch
        {
            0 when enforced.Length > 1 || endpoint.Policies.OfType<QuotaPolicy>().Any(static one => one.Mode is PolicyMode.Enforce) => First(limit, next),
            > 0 and var place => Later(limit, [.. enforced.Take(place).Select(Limit)], next),
            _ => context => limit.TryTake(GatewayContext.From(context), out var wait) ? next(context) : new(limit.Refuse(wait)),
        };

        ThrottleLimit Limit(ThrottlePolicy one) => new(one, allowances.For(endpoint, one));
    }

    private EndpointFilterDelegate First(ThrottleLimit limit, EndpointFilterDelegate next) => invocation =>
    {
        var context = GatewayContext.From(invocation);
        context.ChargedSince = allowances.Clock.Now;
        return limit.TryTake(context, out var wait) ? next(invocation) : new(limit.Refuse(wait));
    };

    // All or nothing: a request that this one refuses has taken nothing of those before it.
    private EndpointFilterDelegate Later(ThrottleLimit limit, ThrottleLimit[] earlier, EndpointFilterDelegate next) => invocation =>
    {
        var context = GatewayContext.From(invocation);
        if (context.ChargedSince == 0)
        {
            // Those before it run in shadow for this caller.
            context.ChargedSince = allowances.Clock.Now;
        }

        if (limit.TryTake(context, out var wait))
        {
            return next(invocation);
        }

        var elapsed = allowances.Clock.Now - context.ChargedSince;
        foreach (var charged in earlier)
        {
            charged.Return(context, elapsed);
        }

        return new(limit.Refuse(wait));
    };
}
