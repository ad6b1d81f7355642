using System.Diagnostics.Metrics;
using GatewayKit.Clusters;
using GatewayKit.Diagnostics;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>What hedging tells: how often a second attempt was due, what became of it, and how often it was the faster one.</summary>
internal sealed class HedgeMetrics(GatewayMeter meter)
{
    private readonly Counter<long> _decisions = meter.Meter.CreateCounter<long>(
        "gatewaykit.hedge.decisions", "{decision}", "First attempts that took long, by what followed: a second one, or why not.");

    private readonly Counter<long> _won = meter.Meter.CreateCounter<long>(
        "gatewaykit.hedge.won", "{attempt}", "Second attempts that were faster than the first.");

    public void Decided(ClusterState cluster, string outcome) =>
        _decisions.Add(1, new(TelemetryTags.Cluster, cluster.Cluster.Id), new KeyValuePair<string, object?>(TelemetryTags.Outcome, outcome));

    public void Won(ClusterState cluster) => _won.Add(1, new KeyValuePair<string, object?>(TelemetryTags.Cluster, cluster.Cluster.Id));
}
