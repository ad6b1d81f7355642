using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>Lets a request through while its allowance lasts.</summary>
internal sealed class ThrottlingFilterFactory(ThrottleAllowances allowances) : GatewayFilterFactory<ThrottlePolicy>
{
    // Runs whenever an endpoint is built, which is more than once (A7): state comes from the singleton, never from here.
    protected override EndpointFilterDelegate Create(ThrottlePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var allowance = allowances.For(endpoint.RouteId, policy);
        return context => allowance.TryTake(context.HttpContext, out var wait)
            ? next(context)
            : new(GatewayProblem.TooManyRequests(retryAfter: wait)); // RFC 6585 §4, RFC 9110 §10.2.3
    }
}
