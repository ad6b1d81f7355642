using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Pipeline;

/// <summary>The endpoint a pipeline is built for: a route of the gateway or an endpoint of the host.</summary>
public sealed class GatewayEndpoint
{
    private readonly object[] _metadata;

    private GatewayEndpoint(string routeId, IGatewayRouteIdentity? route, string? pattern, object[] metadata)
    {
        (RouteId, ClusterId, Pattern, Terminal) = (routeId, route?.ClusterId, pattern, route?.Terminal ?? "host endpoint");
        (AllowsEncodedSlash, ForwardsExpectation) = (route is { AllowsEncodedSlash: true }, route is { ForwardsExpectation: true });
        _metadata = metadata;
    }

    /// <summary>
    /// The id of the gateway route; for an endpoint of the host its name, else its display name. State that outlives a reload is keyed by it.
    /// </summary>
    public string RouteId { get; }

    /// <summary>The cluster the route forwards to; <see langword="null"/> for an endpoint of the host, a static answer or a redirect.</summary>
    public string? ClusterId { get; }

    /// <summary>The route template, group prefixes included; <see langword="null"/> if the endpoint has none.</summary>
    public string? Pattern { get; }

    /// <summary>What the pipeline leads to, in words: <c>cluster orders</c>, <c>answer 200</c>, <c>redirect 308 /new</c> or <c>host endpoint</c>.</summary>
    public string Terminal { get; }

    /// <summary>What groups, conventions and attributes said of the endpoint up to the moment its pipeline was built.</summary>
    public EndpointMetadataCollection Metadata => field ??= new(_metadata);

    /// <summary>Whether <c>%2F</c> in the path passes.</summary>
    internal bool AllowsEncodedSlash { get; }

    /// <summary>Whether the destination is asked before the body is sent.</summary>
    internal bool ForwardsExpectation { get; }

    /// <inheritdoc/>
    public override string ToString() => RouteId;

    internal static GatewayEndpoint Of(EndpointBuilder builder)
    {
        var route = builder.Metadata.Last<IGatewayRouteIdentity>();
        var name = builder.Metadata.Last<IEndpointNameMetadata>()?.EndpointName;
        return new(
            route?.RouteId ?? name ?? builder.DisplayName ?? "(unnamed endpoint)",
            route,
            (builder as RouteEndpointBuilder)?.RoutePattern.RawText,
            [.. builder.Metadata]);
    }
}
