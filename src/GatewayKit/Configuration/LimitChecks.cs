using GatewayKit.Clusters;
using GatewayKit.Pipeline;

namespace GatewayKit.Configuration;

/// <summary>What the limits of a cluster must keep to.</summary>
internal static class LimitChecks
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    public static void Check(Cluster cluster, string path, Report report)
    {
        var (limits, where) = (cluster.Limits, ModelPath.Join(path, nameof(cluster.Limits)));
        if (limits.MaxWait <= TimeSpan.Zero || limits.MaxWait > LongestWait)
        {
            report(ModelPath.Join(where, nameof(limits.MaxWait)), $"MaxWait is {limits.MaxWait:c}; it must be more than zero and at most {LongestWait:c}. Who should not wait at all has Queue 0.");
        }

        // Said by somebody, and would not happen.
        if (limits.MaxInFlightPerDestination is { } most && cluster.Http.Version.Major == 1 && most > cluster.Http.MaxConnections)
        {
            report(
                ModelPath.Join(where, nameof(limits.MaxInFlightPerDestination)),
                $"MaxInFlightPerDestination is {most}, but Http.MaxConnections allows {cluster.Http.MaxConnections} connections to a destination, each with one request. Lower it or raise MaxConnections.");
        }
    }

    /// <summary>A share for a class that nobody belongs to would leave the one that was meant without.</summary>
    public static void CheckClasses(Cluster cluster, PriorityOrder order, string path, Report report)
    {
        foreach (var name in cluster.Limits.Priorities?.Shares.Keys ?? [])
        {
            if (order.FaultOf(name) is { } fault)
            {
                report(ModelPath.Join(path, [nameof(cluster.Limits), nameof(cluster.Limits.Priorities), nameof(cluster.Limits.Priorities.Shares), name]), fault);
            }
        }
    }
}
