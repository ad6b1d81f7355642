using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.Upstream;

/// <summary>Puts the headers on the request's way to the destination.</summary>
internal sealed class IdentityHeadersFilterFactory : GatewayFilterFactory<IdentityHeadersPolicy>
{
    protected override EndpointFilterDelegate Create(IdentityHeadersPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        if (policy.Mode is PolicyMode.Shadow || (endpoint.IsRoute && endpoint.ClusterId is null))
        {
            return next;
        }

        var transform = new IdentityHeadersTransform(policy);
        return context =>
        {
            GatewayContext.From(context).AddForwardTransform(transform);
            return next(context);
        };
    }
}
