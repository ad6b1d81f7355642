using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>Counts what became of failures that a fallback was there for.</summary>
internal sealed class FallbackMetrics(GatewayMeter meter)
{
    /// <summary>The tag for what stands in: <c>cluster</c>, <c>answer</c>, <c>endpoint</c> or <c>handler</c>.</summary>
    public const string KindTag = "gatewaykit.fallback";

    /// <summary>The name of a fixed answer.</summary>
    public const string Answer = "answer";

    private readonly Counter<long> _fallbacks = meter.Meter.CreateCounter<long>(
        "gatewaykit.fallbacks", "{request}", "Failures that a fallback was there for, by what became of them.");

    public static string NameOf(FallbackKind kind) => kind switch
    {
        FallbackKind.Answer => Answer,
        FallbackKind.Cluster => "cluster",
        FallbackKind.Endpoint => "endpoint",
        _ => "handler",
    };

    /// <param name="endpoint">Where.</param>
    /// <param name="kind">What stands in.</param>
    /// <param name="cause">What went wrong.</param>
    /// <param name="outcome"><c>used</c>, <c>failed</c>, <c>would_use</c>, or why it was not.</param>
    public void Decided(GatewayEndpoint endpoint, FallbackKind kind, string cause, string outcome) =>
        _fallbacks.Add(1, new(TelemetryTags.Route, endpoint.RouteId), new(KindTag, NameOf(kind)), new(TelemetryTags.Cause, cause), new(TelemetryTags.Outcome, outcome));
}
