using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Auditing.Shipping;

/// <summary>What is measured of the copies of the journal.</summary>
internal sealed class ShippingMetrics(GatewayMeter meter)
{
    /// <summary>The tag for the name of a sink.</summary>
    public const string SinkTag = "gatewaykit.audit.sink";

    private readonly Counter<long> _shipped = meter.Meter.CreateCounter<long>(
        "gatewaykit.audit.shipper.shipped", "{record}", "Records that a sink has taken.");

    private readonly Counter<long> _deadLettered = meter.Meter.CreateCounter<long>(
        "gatewaykit.audit.shipper.dead_lettered", "{record}", "Records that a sink does not take, and checkpoints that it does not.");

    private readonly Counter<long> _failures = meter.Meter.CreateCounter<long>(
        "gatewaykit.audit.shipper.failures", "{call}", "Calls of a sink that failed and are tried again.");

    public void Shipped(string sink, int records) => _shipped.Add(records, Tag(sink));

    public void DeadLettered(string sink, long records) => _deadLettered.Add(records, Tag(sink));

    public void Failed(string sink) => _failures.Add(1, Tag(sink));

    /// <summary>Shows how far sinks are behind.</summary>
    public void Observe(IReadOnlyList<AuditShipper> shippers)
    {
        meter.Meter.CreateObservableGauge(
            "gatewaykit.audit.shipper.lag", () => shippers.Select(static one => (one.Name, Bytes: one.Lag.Bytes())).Where(static one => one.Bytes is not null).Select(static one => new Measurement<long>(one.Bytes!.Value, Tag(one.Name))), "By", "What is written in the journal and a sink does not have.");
        meter.Meter.CreateObservableGauge(
            "gatewaykit.audit.shipper.lag.duration", () => shippers.Select(static one => new Measurement<double>(one.Lag.Elapsed.TotalSeconds, Tag(one.Name))), "s", "For how long something has been written that a sink does not have.");
    }

    private static KeyValuePair<string, object?> Tag(string sink) => new(SinkTag, sink);
}
