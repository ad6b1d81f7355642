using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>The endpoint a pipeline is built for: a route of the gateway or an endpoint of the host.</summary>
public sealed class GatewayEndpoint
{
    internal GatewayEndpoint(string routeId, string? clusterId, string? pattern, EndpointMetadataCollection metadata)
    {
        RouteId = routeId;
        ClusterId = clusterId;
        Pattern = pattern;
        Metadata = metadata;
    }

    /// <summary>
    /// The id of the gateway route; for an endpoint of the host its name, else its display name. State that outlives a reload is keyed by it.
    /// </summary>
    public string RouteId { get; }

    /// <summary>The cluster the route forwards to; <see langword="null"/> for an endpoint of the host, a static answer or a redirect.</summary>
    public string? ClusterId { get; }

    /// <summary>The route template, group prefixes included; <see langword="null"/> if the endpoint has none.</summary>
    public string? Pattern { get; }

    /// <summary>What groups, conventions and attributes said of the endpoint up to the moment its pipeline was built.</summary>
    public EndpointMetadataCollection Metadata { get; }

    /// <inheritdoc/>
    public override string ToString() => RouteId;
}
