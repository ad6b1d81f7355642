using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.SelfService;

/// <summary>All that asks who is calling, as long as the endpoints of the host are the same. Safe to use from any thread.</summary>
internal sealed class SelfServicePlaces(EndpointDataSource source, PolicyRegistry registry, TimeProvider time)
{
    private volatile Known _known = new([], []);

    /// <summary>Those that there are now, in the order of their paths.</summary>
    public IReadOnlyList<SelfServicePlace> All
    {
        get
        {
            // Another list whenever one of them has changed.
            var endpoints = source.Endpoints;
            var known = _known;
            if (!ReferenceEquals(known.Endpoints, endpoints))
            {
                _known = known = new(endpoints, Read(endpoints));
            }

            return known.Places;
        }
    }

    // A route has an endpoint for each of its paths, and one state.
    private SelfServicePlace[] Read(IReadOnlyList<Endpoint> endpoints) =>
    [
        .. endpoints.OfType<RouteEndpoint>()
            .Where(static endpoint => endpoint.Metadata.GetMetadata<SelfServiceMetadata>() is null)
            .Select(static endpoint => (Endpoint: endpoint, Pipeline: endpoint.Metadata.GetMetadata<GatewayPipeline>()))
            .Where(static pair => pair.Pipeline is { AsksEveryCaller: true, Faults.Count: 0 })
            .GroupBy(static pair => pair.Pipeline!.Endpoint.StateKey, StringComparer.OrdinalIgnoreCase)
            .Select(group => new SelfServicePlace([.. group.Select(static pair => pair.Endpoint)], group.First().Pipeline!, registry, time))
            .OrderBy(static place => place.Paths[0], StringComparer.OrdinalIgnoreCase),
    ];

    private sealed record Known(IReadOnlyList<Endpoint> Endpoints, SelfServicePlace[] Places);
}
