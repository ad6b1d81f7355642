using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Splits;

/// <summary>Builds the terminals of routes that are split.</summary>
internal sealed class SplitTerminals(Forwarder forwarder, SplitSides sides, SplitMetrics metrics, TimeProvider time)
{
    private static readonly EndpointFilterDelegate NoCluster = static _ => new(new GatewayProblem(RejectionReason.NoHealthyUpstream));

    /// <param name="routeId">The route.</param>
    /// <param name="split">What it says.</param>
    /// <param name="clusterOf">Finds the state of a cluster.</param>
    public EndpointFilterDelegate Create(string routeId, RouteSplit split, Func<string, ClusterState?> clusterOf)
    {
        var stable = WayTo(split.Stable, share: null);
        if (split.Mode is PolicyMode.Off)
        {
            return stable.Terminal;
        }

        SplitTerminal.Way[] ways = [stable, .. split.Canaries.Select(canary => WayTo(canary.Key, canary.Value))];
        SplitSide[] all = Array.ConvertAll(ways, static way => way.Side);
        var schedule = new SplitSchedule(all[0], all[1..], split.Guard, sides, metrics, time);
        var keys = new KeySource(split.Key, split.Cookie.Name, new KeyHash(split.Salt ?? routeId));
        return new SplitTerminal(split, new SideChooser(split, keys, schedule, all, Random.Shared.NextDouble), ways, metrics, time).RunAsync;

        SplitTerminal.Way WayTo(string clusterId, CanaryShare? share)
        {
            var (cluster, side) = (clusterOf(clusterId), sides.For(routeId, split.Stable, clusterId, share));
            var traffic = split.Guard is { Mode: not PolicyMode.Off } guard ? side.TrafficOver(guard.Window) : null;
            return new(side, cluster, cluster is null ? NoCluster : forwarder.CreateTerminal(cluster), traffic);
        }
    }
}
