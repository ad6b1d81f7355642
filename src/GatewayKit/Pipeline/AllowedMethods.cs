using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Pipeline;

/// <summary>What an endpoint says of the methods it takes (RFC 9110 §10.2.1): a 405 must name them.</summary>
internal static class AllowedMethods
{
    // A route without methods takes every one. These can be named.
    private const string Common = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    public static string Of(HttpContext httpContext) => Of(httpContext.GetEndpoint()?.Metadata);

    public static string Of(EndpointMetadataCollection? metadata) =>
        metadata?.GetMetadata<IHttpMethodMetadata>() is { HttpMethods: { Count: > 0 } methods } ? string.Join(", ", methods) : Common;
}
