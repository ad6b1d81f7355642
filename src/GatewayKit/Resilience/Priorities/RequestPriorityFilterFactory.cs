using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Priorities;

/// <summary>Puts requests in their class.</summary>
internal sealed class RequestPriorityFilterFactory(PriorityOrder order, TrustedPeers peers) : GatewayFilterFactory<RequestPriorityPolicy>
{
    protected override EndpointFilterDelegate Create(RequestPriorityPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        if (policy.Mode is PolicyMode.Shadow)
        {
            return next;
        }

        var classify = (HttpContext httpContext) => ClassOf(policy, httpContext);
        return invocation =>
        {
            var context = GatewayContext.From(invocation);

            // So far it is the user's claim. Who calls is found out later, and may be somebody else.
            (context.Priority, context.PriorityOfCaller) = (classify(context.HttpContext), policy.Claim is null ? null : classify);
            return next(context);
        };
    }

    private string ClassOf(RequestPriorityPolicy policy, HttpContext httpContext)
    {
        var priority = policy.Select?.Invoke(httpContext)
            ?? (policy.Claim is { } claim && ValueOf(httpContext, claim) is { } value ? policy.Classes.GetValueOrDefault(value) : null)
            ?? (policy.Header is { } header && OnlyValueOf(httpContext, header) is { } said ? Told(policy, said, httpContext) : null)
            ?? policy.Class;
        return policy.ClientHeader is { } name && OnlyValueOf(httpContext, name) is { } wanted ? order.Lower(priority, wanted) : priority;
    }

    // What nobody has proved raises nobody.
    private static string? ValueOf(HttpContext httpContext, string type) =>
        Caller.Of(httpContext).Claims?.FindFirst(claim => claim.Subject is { IsAuthenticated: true } && string.Equals(claim.Type, type, StringComparison.OrdinalIgnoreCase))?.Value;

    // A client that reached the gateway past the proxy could raise itself; lower itself it may.
    private string? Told(RequestPriorityPolicy policy, string value, HttpContext httpContext) =>
        policy.Classes.GetValueOrDefault(value) is not { } wanted || peers.Include(httpContext) ? policy.Classes.GetValueOrDefault(value) : order.Lower(policy.Class, wanted);

    // Of two values nobody knows which one counts.
    private static string? OnlyValueOf(HttpContext httpContext, string header) => httpContext.Request.Headers[header] is [{ Length: > 0 } value] ? value : null;
}
