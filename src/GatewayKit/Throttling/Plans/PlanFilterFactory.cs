using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Throttling.Plans;

/// <summary>Runs the limits of the caller's plan: links of the same kinds as those of routes, composed when the first caller with a plan comes to an endpoint.</summary>
/// <param name="services">Where the registry is, which makes this.</param>
/// <param name="allowances">Where rates are kept.</param>
internal sealed class PlanFilterFactory(IServiceProvider services, ThrottleAllowances allowances) : GatewayFilterFactory<PlanPolicy>
{
    private readonly Lazy<PolicyRegistry> _registry = new(services.GetRequiredService<PolicyRegistry>);
    private readonly KeptAllowances _allowances = new();

    protected override EndpointFilterDelegate Create(PlanPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        // A plan that a reload replaces is another object; what was composed for the old one goes with it.
        var chains = new ConditionalWeakTable<Plan, EndpointFilterDelegate>();
        ConditionalWeakTable<Plan, EndpointFilterDelegate>.CreateValueCallback compose = plan => Compose(plan, policy, endpoint, next);
        var isTried = policy.Mode is PolicyMode.Shadow;
        return invocation => invocation.HttpContext.Features.Get<GatewayConsumer>() is { Plan: { } plan } consumer && (isTried || !consumer.IsOnTrial)
            ? chains.GetValue(plan, compose)(invocation)
            : next(invocation);
    }

    private EndpointFilterDelegate Compose(Plan plan, PlanPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        IGatewayPolicy[] limits =
        [
            .. plan.Policies.Select(static limit => limit.PerSubscription())

                // A limit that is only tried tells nobody of itself.
                .Select(limit => policy.Mode is PolicyMode.Shadow ? limit.InShadow() ?? limit : limit)
                .Where(static limit => limit.Mode is not PolicyMode.Off)
                .OrderBy(static limit => limit is IOrderedPolicy ordered ? ordered.Order : 0),
        ];

        // In the place of the plan, so that a limit which refuses gives back what those in front of it have taken.
        var whole = endpoint.With([.. endpoint.Policies.TakeWhile(one => !ReferenceEquals(one, policy)), .. limits, .. endpoint.Policies.SkipWhile(one => !ReferenceEquals(one, policy)).Skip(1)]);
        var chain = next;
        for (var i = limits.Length - 1; i >= 0; i--)
        {
            if (limits[i] is ThrottlePolicy throttle)
            {
                _allowances.Keep(allowances.For(whole, throttle));
            }

            chain = _registry.Value.FactoryOf(limits[i])!.Create(limits[i], whole, chain);
        }

        return chain;
    }
}
