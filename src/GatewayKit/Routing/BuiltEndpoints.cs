using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Routing;

/// <summary>The endpoints of one snapshot in one group. Routes that the snapshot before had too keep their endpoint objects.</summary>
internal sealed class BuiltEndpoints
{
    private readonly Dictionary<EndpointKey, Endpoint> _byKey;

    private BuiltEndpoints(GatewaySnapshot snapshot, Dictionary<EndpointKey, Endpoint> byKey, IReadOnlyList<Endpoint> added) =>
        (Snapshot, _byKey, Endpoints, Added) = (snapshot, byKey, [.. byKey.Values], added);

    public GatewaySnapshot Snapshot { get; }

    public IReadOnlyList<Endpoint> Endpoints { get; }

    /// <summary>Those that the snapshot before did not have.</summary>
    public IReadOnlyList<Endpoint> Added { get; }

    public static BuiltEndpoints Build(
        RouteGroupContext group,
        IReadOnlyList<GatewayRouteMapping> mappings,
        MappingSelection none,
        GatewaySnapshot snapshot,
        GatewayEndpointFactory factory,
        BuiltEndpoints? previous)
    {
        // A route that several mappings select is mapped once, with what all of them say.
        var mapped = new OrderedDictionary<GatewayRoute, MappingSelection>(snapshot.Routes.Count, ReferenceEqualityComparer.Instance);
        foreach (var mapping in mappings)
        {
            foreach (var route in mapping.Routes(snapshot))
            {
                if (mapping.Where(route))
                {
                    mapped[route] = mapped.GetValueOrDefault(route, none).With(mapping);
                }
            }
        }

        var byKey = new Dictionary<EndpointKey, Endpoint>(mapped.Count);
        var added = new List<Endpoint>(previous is null ? mapped.Count : 0);
        var sameDefaults = previous is not null && previous.Snapshot.Defaults.SequenceEqual(snapshot.Defaults)
            && previous.Snapshot.Catalog.OffersSameRoutesAs(snapshot.Catalog);
        foreach (var (route, selectedBy) in mapped)
        {
            ReloadPace.Step();
            var clusters = RouteClusters.Of(route, snapshot.ClusterStates);
            foreach (var path in GatewayEndpointFactory.PathsOf(route))
            {
                var key = new EndpointKey(route, path, clusters, selectedBy);
                if (!sameDefaults || !previous!._byKey.TryGetValue(key, out var endpoint))
                {
                    endpoint = Create(factory, route, path, clusters, snapshot, group, selectedBy);
                    added.Add(endpoint);
                }

                byKey.Add(key, endpoint);
            }
        }

        return new(snapshot, byKey, added);
    }

    public bool HasSameEndpointsAs(BuiltEndpoints other) => Endpoints.SequenceEqual(other.Endpoints, ReferenceEqualityComparer.Instance);

    private static Endpoint Create(
        GatewayEndpointFactory factory,
        GatewayRoute route,
        string path,
        RouteClusters clusters,
        GatewaySnapshot snapshot,
        RouteGroupContext group,
        MappingSelection selectedBy)
    {
        try
        {
            return factory.Create(route, path, clusters, snapshot, group, selectedBy.Mappings);
        }
#pragma warning disable CA1031 // A convention of the host may throw anything; without the route's name it would be hard to find.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw new InvalidOperationException($"Route '{route.Id}' cannot be mapped at '{group.Prefix.RawText}{path}': {exception.Message}", exception);
        }
    }

    // By reference: a snapshot has the objects of the one before for what says the same.
    private readonly record struct EndpointKey(GatewayRoute Route, string Path, RouteClusters Clusters, MappingSelection Mappings)
    {
        public bool Equals(EndpointKey other) =>
            ReferenceEquals(Route, other.Route) && Clusters.Equals(other.Clusters) && ReferenceEquals(Mappings, other.Mappings) && Path == other.Path;

        public override int GetHashCode() => HashCode.Combine(RuntimeHelpers.GetHashCode(Route), Path);
    }
}
