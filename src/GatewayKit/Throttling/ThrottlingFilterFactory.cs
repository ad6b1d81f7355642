using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>Lets a request through while its allowance lasts.</summary>
internal sealed class ThrottlingFilterFactory(ThrottleAllowances allowances) : GatewayFilterFactory<ThrottlePolicy>
{
    // Runs whenever an endpoint is built, which is more than once (A7): state comes from the singleton, never from here.
    protected override EndpointFilterDelegate Create(ThrottlePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var allowance = allowances.For(endpoint, policy);

        // A throttle in shadow mode refuses nobody, so nothing is taken or given back for it.
        ThrottlePolicy[] enforced = [.. endpoint.Policies.OfType<ThrottlePolicy>().Where(static one => one.Mode is PolicyMode.Enforce)];
        return Array.FindIndex(enforced, one => ReferenceEquals(one, policy)) switch
        {
            0 when enforced.Length > 1 => First(allowance, next),
            > 0 and var place => Later(allowance, [.. enforced.Take(place).Select(one => allowances.For(endpoint, one))], next),
            _ => context => allowance.TryTake(context.HttpContext, out var wait) ? next(context) : Refuse(wait),
        };
    }

    private EndpointFilterDelegate First(ThrottleAllowance allowance, EndpointFilterDelegate next) => context =>
    {
        GatewayContext.From(context).ChargedSince = allowances.Clock.Now;
        return allowance.TryTake(context.HttpContext, out var wait) ? next(context) : Refuse(wait);
    };

    // All or nothing: a request that this one refuses has taken nothing of those before it.
    private EndpointFilterDelegate Later(ThrottleAllowance allowance, ThrottleAllowance[] earlier, EndpointFilterDelegate next) => context =>
    {
        if (allowance.TryTake(context.HttpContext, out var wait))
        {
            return next(context);
        }

        var elapsed = allowances.Clock.Now - GatewayContext.From(context).ChargedSince;
        foreach (var charged in earlier)
        {
            charged.Return(context.HttpContext, elapsed);
        }

        return Refuse(wait);
    };

    // RFC 6585 §4, RFC 9110 §10.2.3
    private static ValueTask<object?> Refuse(TimeSpan wait) => new(GatewayProblem.TooManyRequests(retryAfter: wait));
}
