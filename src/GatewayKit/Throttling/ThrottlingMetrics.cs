using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Throttling;

/// <summary>Counts requests that were charged to an allowance other than their own, and those that had to wait. Refusals are counted by the pipeline, as for every policy.</summary>
internal sealed partial class ThrottlingMetrics(GatewayMeter meter, ILogger<ThrottlingMetrics> logger)
{
    /// <summary>The tag for what the throttle tells apart: a word from configuration.</summary>
    public const string PartitionTag = "gatewaykit.throttle.partition";

    private readonly Counter<long> _overflow = meter.Meter.CreateCounter<long>(
        "gatewaykit.throttle.overflow", "{request}", "Requests that shared the overflow allowance because the throttle had no room for their key.");

    private readonly Counter<long> _anonymous = meter.Meter.CreateCounter<long>(
        "gatewaykit.throttle.anonymous", "{request}", "Requests that shared the anonymous allowance because they had nothing to tell them apart by.");

    private readonly Histogram<double> _delay = meter.Meter.CreateHistogram<double>(
        "gatewaykit.throttle.delay", "s", "How long requests waited for their turn.");

    public void Overflowed(string route, ThrottlePartition partition) =>
        _overflow.Add(1, new(TelemetryTags.Route, route), new(PartitionTag, partition.ToString()));

    public void Anonymous(string route, ThrottlePartition partition) =>
        _anonymous.Add(1, new(TelemetryTags.Route, route), new(PartitionTag, partition.ToString()));

    public void Delayed(string route, ThrottlePartition partition, TimeSpan wait) =>
        _delay.Record(wait.TotalSeconds, new(TelemetryTags.Route, route), new(PartitionTag, partition.ToString()));

    public void WarnOfOverflow(string route, ThrottlePartition partition, int keys) => Log.Overflow(logger, partition, route, keys);

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.ThrottleOverflow,
            LogLevel.Warning,
            "The throttle by {Partition} on {Route} has no room for more than about {Keys} keys; new ones share an allowance. Raise ThrottlingOptions.MaxKeys, or throttle by something that callers cannot make up.")]
        public static partial void Overflow(ILogger logger, ThrottlePartition partition, string route, int keys);
    }
}
