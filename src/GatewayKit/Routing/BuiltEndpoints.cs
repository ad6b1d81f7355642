using GatewayKit.Clusters;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Routing;

/// <summary>The endpoints of one snapshot in one group. Routes that the snapshot before had too keep their endpoint objects.</summary>
internal sealed class BuiltEndpoints
{
    private readonly Dictionary<EndpointKey, Endpoint> _byKey;

    private BuiltEndpoints(GatewaySnapshot snapshot, Dictionary<EndpointKey, Endpoint> byKey) =>
        (Snapshot, _byKey, Endpoints) = (snapshot, byKey, [.. byKey.Values]);

    public GatewaySnapshot Snapshot { get; }

    public IReadOnlyList<Endpoint> Endpoints { get; }

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
        var sameDefaults = previous is not null && previous.Snapshot.Defaults.SequenceEqual(snapshot.Defaults);
        foreach (var (route, selectedBy) in mapped)
        {
            var cluster = route.Cluster is null ? null : snapshot.ClusterStates.GetValueOrDefault(route.Cluster);
            foreach (var path in GatewayEndpointFactory.PathsOf(route))
            {
                var key = new EndpointKey(route, path, cluster, selectedBy);
                var endpoint = sameDefaults && previous!._byKey.TryGetValue(key, out var known)
                    ? known
                    : Create(factory, route, path, cluster, snapshot, group, selectedBy);
                byKey.Add(key, endpoint);
            }
        }

        return new(snapshot, byKey);
    }

    public bool HasSameEndpointsAs(BuiltEndpoints other) => Endpoints.SequenceEqual(other.Endpoints, ReferenceEqualityComparer.Instance);

    private static Endpoint Create(
        GatewayEndpointFactory factory,
        GatewayRoute route,
        string path,
        ClusterState? cluster,
        GatewaySnapshot snapshot,
        RouteGroupContext group,
        MappingSelection selectedBy)
    {
        try
        {
            return factory.Create(route, path, cluster, snapshot, group, selectedBy.Mappings);
        }
#pragma warning disable CA1031 // A convention of the host may throw anything; without the route's name it would be hard to find.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw new InvalidOperationException($"Route '{route.Id}' cannot be mapped at '{group.Prefix.RawText}{path}': {exception.Message}", exception);
        }
    }

    private readonly record struct EndpointKey(GatewayRoute Route, string Path, object? Cluster, MappingSelection Mappings);
}
