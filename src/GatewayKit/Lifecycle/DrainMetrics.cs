using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Lifecycle;

/// <summary>What is counted while the host drains.</summary>
internal sealed class DrainMetrics(GatewayMeter meter)
{
    private readonly Counter<long> _refused = meter.Meter.CreateCounter<long>(
        "gatewaykit.drain.refused", "{request}", "Requests that came after the host had stopped taking them.");

    public void Refused() => _refused.Add(1);
}
