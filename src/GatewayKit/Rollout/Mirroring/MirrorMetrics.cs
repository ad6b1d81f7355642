using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Rollout.Diffing;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>What mirrors tell.</summary>
internal sealed class MirrorMetrics(GatewayMeter meter)
{
    /// <summary>The tag for whose time it is: <c>main</c> or <c>mirror</c>.</summary>
    public const string SideTag = "gatewaykit.mirror.side";

    private readonly Counter<long> _requests = meter.Meter.CreateCounter<long>(
        "gatewaykit.mirror.requests", "{request}", "Copies of requests by what became of them; skipped ones were not sent.");

    private readonly UpDownCounter<long> _active = meter.Meter.CreateUpDownCounter<long>(
        "gatewaykit.mirror.active", "{request}", "Copies on their way or waiting to be compared.");

    private readonly Counter<long> _comparisons = meter.Meter.CreateCounter<long>(
        "gatewaykit.mirror.comparisons", "{comparison}", "Pairs of answers by what a comparison found.");

    private readonly Histogram<double> _duration = meter.Meter.CreateHistogram<double>(
        "gatewaykit.mirror.duration", "s", "From the sending of a request, or of its copy, to the head of the answer, of pairs that were compared.");

    public void Ended(string route, string cluster, string outcome) =>
        _requests.Add(1, new(TelemetryTags.Route, route), new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Outcome, outcome));

    public void Skipped(string route, string cluster, string reason) =>
        _requests.Add(1, [new(TelemetryTags.Route, route), new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Outcome, "skipped"), new(TelemetryTags.Reason, reason)]);

    public void Active(string route, int change) => _active.Add(change, new KeyValuePair<string, object?>(TelemetryTags.Route, route));

    public void Compared(string route, string cluster, in ComparisonOutcome outcome)
    {
        if (outcome.Reason is { } reason)
        {
            _comparisons.Add(1, [new(TelemetryTags.Route, route), new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Outcome, outcome.Word), new(TelemetryTags.Reason, reason)]);
        }
        else
        {
            _comparisons.Add(1, new(TelemetryTags.Route, route), new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Outcome, outcome.Word));
        }
    }

    public void Took(string route, string cluster, TimeSpan main, TimeSpan mirror)
    {
        _duration.Record(main.TotalSeconds, new(TelemetryTags.Route, route), new(TelemetryTags.Cluster, cluster), new(SideTag, "main"));
        _duration.Record(mirror.TotalSeconds, new(TelemetryTags.Route, route), new(TelemetryTags.Cluster, cluster), new(SideTag, "mirror"));
    }
}
