using GatewayKit.Clusters;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;

namespace GatewayKit.Routing;

/// <summary>One validated, immutable version of all routes and clusters. A reload swaps it whole.</summary>
public sealed class GatewaySnapshot
{
    private readonly Lazy<string> _hash;

    internal GatewaySnapshot(
        long revision,
        Lazy<string> hash,
        IReadOnlyDictionary<string, GatewayRoute> routes,
        IReadOnlyList<IGatewayPolicy> defaults,
        IReadOnlyDictionary<string, ClusterState> clusterStates,
        ConsumerCatalog catalog)
    {
        (Revision, _hash, Routes, Defaults, ClusterStates, Catalog) = (revision, hash, routes, defaults, clusterStates, catalog);
        Clusters = ValueMap<Cluster>.From(clusterStates.Select(static entry => KeyValuePair.Create(entry.Key, entry.Value.Cluster)));
    }

    /// <summary>Counts the versions this process has applied, from 1.</summary>
    public long Revision { get; }

    /// <summary>SHA-256 of the content in hexadecimal: equal on every instance that runs the same configuration. Computed when first asked for.</summary>
    public string Hash => _hash.Value;

    /// <summary>The configured routes by id. Routes mapped in code are endpoints of their own and not among them.</summary>
    public IReadOnlyDictionary<string, GatewayRoute> Routes { get; }

    /// <summary>The policies of every gateway route that does not say otherwise.</summary>
    public IReadOnlyList<IGatewayPolicy> Defaults { get; }

    /// <summary>The clusters by id.</summary>
    public IReadOnlyDictionary<string, Cluster> Clusters { get; }

    /// <summary>The plans.</summary>
    public IReadOnlyList<Plan> Plans => Catalog.Plans;

    /// <summary>The products.</summary>
    public IReadOnlyList<Product> Products => Catalog.Products;

    /// <summary>The configured consumers; those of stores are not among them.</summary>
    public IReadOnlyList<Consumer> Consumers => Catalog.Consumers;

    /// <summary>What changes when <paramref name="to"/> follows <paramref name="from"/>.</summary>
    public static SnapshotDiff Diff(GatewaySnapshot from, GatewaySnapshot to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        return ReferenceEquals(from, to) ? SnapshotDiff.Empty : SnapshotComparison.Compare(from, to);
    }

    internal IReadOnlyDictionary<string, ClusterState> ClusterStates { get; }

    internal ConsumerCatalog Catalog { get; }

    internal static GatewaySnapshot Empty { get; } =
        new(0, new Lazy<string>(string.Empty), ValueMap<GatewayRoute>.Empty, [], new Dictionary<string, ClusterState>(StringComparer.OrdinalIgnoreCase), ConsumerCatalog.Empty);
}
