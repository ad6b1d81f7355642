using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Priorities;

/// <summary>Puts requests in their class.</summary>
internal sealed class RequestPriorityFilterFactory(PriorityOrder order) : GatewayFilterFactory<RequestPriorityPolicy>
{
    protected override EndpointFilterDelegate Create(RequestPriorityPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        if (policy.Mode is PolicyMode.Shadow)
        {
            return next;
        }

        return context =>
        {
            GatewayContext.From(context).Priority = ClassOf(policy, context.HttpContext);
            return next(context);
        };
    }

    private string ClassOf(RequestPriorityPolicy policy, HttpContext httpContext)
    {
        var priority = policy.Select?.Invoke(httpContext) ?? (ValueOf(policy, httpContext) is { } value ? policy.Classes.GetValueOrDefault(value) : null) ?? policy.Class;
        return policy.ClientHeader is { } name && OnlyValueOf(httpContext, name) is { } wanted ? order.Lower(priority, wanted) : priority;
    }

    private static string? ValueOf(RequestPriorityPolicy policy, HttpContext httpContext) =>
        policy.Claim is { } claim ? httpContext.User.FindFirst(claim)?.Value
        : policy.Header is { } header ? OnlyValueOf(httpContext, header)
        : null;

    // Of two values nobody knows which one counts.
    private static string? OnlyValueOf(HttpContext httpContext, string header) => httpContext.Request.Headers[header] is [{ Length: > 0 } value] ? value : null;
}
