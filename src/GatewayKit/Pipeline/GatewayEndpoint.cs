using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Pipeline;

/// <summary>The endpoint a pipeline is built for: a route of the gateway or an endpoint of the host.</summary>
public sealed class GatewayEndpoint
{
    private readonly object[] _metadata;

    private GatewayEndpoint(string routeId, string? clusterId, string? pattern, string terminal, object[] metadata)
    {
        (RouteId, ClusterId, Pattern, Terminal) = (routeId, clusterId, pattern, terminal);
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

    /// <inheritdoc/>
    public override string ToString() => RouteId;

    internal static GatewayEndpoint Of(EndpointBuilder builder)
    {
        var route = builder.Metadata.Last<IGatewayRouteIdentity>();
        var name = builder.Metadata.Last<IEndpointNameMetadata>()?.EndpointName;
        return new(
            route?.RouteId ?? name ?? builder.DisplayName ?? "(unnamed endpoint)",
            route?.ClusterId,
            (builder as RouteEndpointBuilder)?.RoutePattern.RawText,
            route?.Terminal ?? "host endpoint",
            [.. builder.Metadata]);
    }
}
