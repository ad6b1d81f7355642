using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>Finds endpoints of the host by name, as they are now: the framework builds them anew when any endpoint changes.</summary>
internal sealed class FallbackEndpoints(EndpointDataSource source)
{
    private volatile Known _known = new([], FrozenDictionary<string, RouteEndpoint>.Empty);

    public RouteEndpoint? Find(string name)
    {
        var (known, endpoints) = (_known, source.Endpoints);
        if (!ReferenceEquals(known.Endpoints, endpoints))
        {
            _known = known = new(endpoints, Named(endpoints));
        }

        return known.ByName.GetValueOrDefault(name);
    }

    // The framework refuses two of one name when it is first asked for links; the first counts here.
    private static FrozenDictionary<string, RouteEndpoint> Named(IReadOnlyList<Endpoint> endpoints) => endpoints.OfType<RouteEndpoint>()
        .Where(static endpoint => endpoint.RequestDelegate is not null && endpoint.Metadata.GetMetadata<IEndpointNameMetadata>() is not null)
        .DistinctBy(static endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName, StringComparer.Ordinal)
        .ToFrozenDictionary(static endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName, StringComparer.Ordinal);

    private sealed record Known(IReadOnlyList<Endpoint> Endpoints, FrozenDictionary<string, RouteEndpoint> ByName);
}
