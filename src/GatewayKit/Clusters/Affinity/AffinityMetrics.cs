using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Clusters.Affinity;

/// <summary>What session affinity counts.</summary>
internal sealed class AffinityMetrics(GatewayMeter meter)
{
    private readonly Counter<long> _sessions = meter.Meter.CreateCounter<long>(
        "gatewaykit.affinity.requests", "{request}", "Requests to clusters with session affinity: bound, new, moved because the destination is not available, refused for that.");

    public void Count(string clusterId, string outcome) => _sessions.Add(1, new(TelemetryTags.Cluster, clusterId), new KeyValuePair<string, object?>(TelemetryTags.Outcome, outcome));
}
