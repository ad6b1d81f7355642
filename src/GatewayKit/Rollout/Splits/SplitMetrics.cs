using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Rollout.Splits;

/// <summary>What splits tell: requests by side, and what becomes of canaries.</summary>
internal sealed partial class SplitMetrics(GatewayMeter meter, ILogger<SplitMetrics> logger)
{
    /// <summary>The tag for how a side was chosen: a word of <see cref="SideChoice"/>.</summary>
    public const string ChoiceTag = "gatewaykit.split.choice";

    private static readonly string[] Choices = ["key", "draw", "no-key", "forced", "fallback"];

    private readonly Counter<long> _requests = meter.Meter.CreateCounter<long>(
        "gatewaykit.split.requests", "{request}", "Requests by the side of a split that they went to.");

    private readonly Counter<long> _trips = meter.Meter.CreateCounter<long>(
        "gatewaykit.split.guard.trips", "{event}", "Canaries that a guard found worse than the stable cluster.");

    public void Sent(SplitSide side, SideChoice choice) => _requests.Add(
        1, new(TelemetryTags.Route, side.RouteId), new(TelemetryTags.Cluster, side.ClusterId), new(ChoiceTag, Choices[(int)choice]));

    public void Ramped(SplitSide side, int before) => Log.Ramped(logger, side.RouteId, side.ClusterId, before / 100d, side.Buckets / 100d);

    public void Tripped(SplitSide canary, CanaryGuard guard, GuardVerdict verdict, int before, in GuardEvidence evidence)
    {
        var reason = verdict is GuardVerdict.ErrorRate ? "error-rate" : "latency";
        var action = guard.Mode is Pipeline.PolicyMode.Shadow ? "none" : guard.Action is GuardAction.RollBack ? "roll-back" : "stop";
        _trips.Add(1, new(TelemetryTags.Route, canary.RouteId), new(TelemetryTags.Cluster, canary.ClusterId), new(TelemetryTags.Reason, reason), new(TelemetryTags.Outcome, action));
        Log.Tripped(logger, canary.RouteId, canary.ClusterId, reason, action, before / 100d, canary.Buckets / 100d, evidence);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.CanaryRamped, LogLevel.Information, "Split of {Route}: the share of canary {Cluster} goes from {From} to {To} percent.")]
        public static partial void Ramped(ILogger logger, string route, string cluster, double from, double to);

        [LoggerMessage(
            EventIds.CanaryTripped,
            LogLevel.Warning,
            "Split of {Route}: canary {Cluster} does worse than the stable cluster ({Reason}); action {Action}, its share goes from {From} to {To} percent. {Evidence}")]
        public static partial void Tripped(
            ILogger logger, string route, string cluster, string reason, string action, double from, double to, GuardEvidence evidence);
    }
}

/// <summary>How a side was chosen.</summary>
internal enum SideChoice
{
    Key,
    Draw,
    NoKey,
    Forced,
    Fallback,
}

/// <summary>What a guard went by.</summary>
internal readonly record struct GuardEvidence(TrafficSample Canary, TrafficSample Stable)
{
    public override string ToString() => FormattableString.Invariant(
        $"Canary: {Canary.Failures} of {Canary.Requests} failed, p95 {Canary.Percentile(0.95).TotalMilliseconds:F0} ms. Stable: {Stable.Failures} of {Stable.Requests} failed, p95 {Stable.Percentile(0.95).TotalMilliseconds:F0} ms.");
}
