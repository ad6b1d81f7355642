using GatewayKit.Clusters;

namespace GatewayKit.Routing;

/// <summary>The run-time states of the clusters that a route leads to; equal if they are the same objects.</summary>
internal readonly struct RouteClusters : IEquatable<RouteClusters>
{
    // Those of a split, in the order in which it names them.
    private readonly ClusterState?[]? _several;

    private RouteClusters(ClusterState? single, ClusterState?[]? several) => (Single, _several) = (single, several);

    /// <summary>The one cluster; <see langword="null"/> if there are several or none.</summary>
    public ClusterState? Single { get; }

    public static RouteClusters Of(GatewayRoute route, IReadOnlyDictionary<string, ClusterState> states) => route switch
    {
        { Cluster: { } cluster } => new(states.GetValueOrDefault(cluster), null),
        { Split: not null } => new(null, [.. route.ClusterIds.Select(states.GetValueOrDefault)]),
        _ => default,
    };

    /// <summary>The state of one of several clusters.</summary>
    public ClusterState? Find(string clusterId) =>
        Array.Find(_several ?? [], state => string.Equals(state?.Cluster.Id, clusterId, StringComparison.OrdinalIgnoreCase));

    public bool Equals(RouteClusters other) =>
        ReferenceEquals(Single, other.Single)
        && (_several is null ? other._several is null : other._several is not null && _several.AsSpan().SequenceEqual(other._several, ReferenceEqualityComparer.Instance));

    public override bool Equals(object? obj) => obj is RouteClusters other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Single, _several?.Length);
}
