using GatewayKit.Pipeline;
using Microsoft.AspNetCore.DataProtection;

namespace GatewayKit.Clusters.Affinity;

/// <summary>Makes the affinity of clusters. What protects tokens is asked for by the first cluster that wants it: it reads keys, and most hosts need none.</summary>
internal sealed class SessionAffinities(Func<IDataProtectionProvider?> protection, AffinityMetrics metrics, TimeProvider time)
{
    private readonly Lazy<IDataProtectionProvider?> _protection = new(protection);

    /// <summary>Whether the host can protect tokens.</summary>
    public bool AreThere => _protection.Value is not null;

    /// <summary>The affinity of a cluster; <see langword="null"/> if it has none.</summary>
    public SessionAffinity? For(Cluster cluster, ClusterState? previous) =>
        cluster.Affinity is { Mode: not PolicyMode.Off } && _protection.Value is { } provider
            ? new(cluster, new(provider, cluster.Id, time), metrics, previous?.Affinity)
            : null;
}
