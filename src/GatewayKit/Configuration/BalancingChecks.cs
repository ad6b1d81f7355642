using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Configuration;

/// <summary>Checks how a cluster is balanced.</summary>
internal static class BalancingChecks
{
    public static void Check(Cluster cluster, string path, Report report)
    {
        var hashes = cluster.LoadBalancing is LoadBalancing.ConsistentHash;
        var where = ModelPath.Join(path, nameof(cluster.Hash));
        if (hashes && cluster.Hash is null)
        {
            report(where, "ConsistentHash needs to know what to hash. Write \"Hash\": { \"Key\": \"ClientAddress\" }, or another key such as \"Header:X-Tenant\".");
        }
        else if (!hashes && cluster.Hash is not null)
        {
            report(where, $"Hash has no effect with {cluster.LoadBalancing}. Write \"LoadBalancing\": \"ConsistentHash\", or take Hash out.");
        }

        if (cluster.Hash is { BoundedLoad: > 0 and < 1.01 } hash)
        {
            report(
                ModelPath.Join(where, nameof(hash.BoundedLoad)),
                $"BoundedLoad is {hash.BoundedLoad}; it must be from 1.01 to 100, because all destinations together have to take all requests. Write 0 for no bound.");
        }
    }
}
