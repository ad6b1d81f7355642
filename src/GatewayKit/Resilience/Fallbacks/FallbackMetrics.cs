using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>Tells what became of failures that a fallback was there for.</summary>
internal sealed partial class FallbackMetrics(GatewayMeter meter, ILogger<FallbackMetrics> logger)
{
    /// <summary>The tag for what stands in: <c>cluster</c>, <c>answer</c>, <c>endpoint</c> or <c>handler</c>.</summary>
    public const string KindTag = "gatewaykit.fallback";

    /// <summary>The outcome of a fallback that served.</summary>
    public const string Used = "used";

    /// <summary>The outcome of one that failed too.</summary>
    public const string Failed = "failed";

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
    public void Decided(GatewayEndpoint endpoint, FallbackKind kind, in FallbackCause cause, string outcome)
    {
        var (name, code) = (NameOf(kind), cause.Code);
        _fallbacks.Add(1, new(TelemetryTags.Route, endpoint.RouteId), new(KindTag, name), new(TelemetryTags.Cause, code), new(TelemetryTags.Outcome, outcome));

        // An exception that something stands in for reaches nobody else who would log it.
        var level = cause.Exception is not null && outcome is Used or Failed ? LogLevel.Warning : LogLevel.Debug;
        if (logger.IsEnabled(level))
        {
            var traceId = TraceIdentifiers.Of(cause.HttpContext);
            Log.Decided(logger, level, cause.Exception, endpoint.RouteId, name, code, outcome, traceId);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = EventIds.FallbackDecided, Message = "Fallback of {Route} to {Kind} after {Cause}: {Outcome}. Trace {TraceId}.")]
        public static partial void Decided(ILogger logger, LogLevel level, Exception? exception, string route, string kind, string cause, string outcome, string traceId);
    }
}
