using System.Diagnostics;
using System.Diagnostics.Metrics;
using GatewayKit.Clusters;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Forwarding;

/// <summary>What forwarding tells: durations and counts, one client span per attempt, one line per failure.</summary>
internal sealed partial class ForwardMetrics(GatewayMeter meter, ILogger<Forwarder> logger, TimeProvider time)
{
    private const int MaxNameLength = 64;

    private static readonly ActivitySource Source = new("GatewayKit");

    private readonly Histogram<double> _duration = meter.Meter.CreateHistogram<double>(
        "gatewaykit.forward.duration", "s", "From picking a destination to the last byte of its answer.");

    private readonly UpDownCounter<long> _active = meter.Meter.CreateUpDownCounter<long>(
        "gatewaykit.forward.active", "{request}", "Requests at destinations.");

    private readonly Counter<long> _droppedFields = meter.Meter.CreateCounter<long>(
        "gatewaykit.forward.fields.dropped", "{field}", "Header and trailer fields that were not passed on, for a cause other than that they concern one connection.");

    public static Activity? StartSpan(HttpContext httpContext, string clusterId, DestinationState destination)
    {
        if (!Source.HasListeners() || HopTrace.Start(Source, httpContext) is not { } span)
        {
            return null;
        }

        span.SetTag(TelemetryTags.Cluster, clusterId);
        span.SetTag(TelemetryTags.Destination, destination.Id);
        span.SetTag("server.address", destination.Destination.Address.Host);
        span.SetTag("server.port", destination.Destination.Address.Port);
        return span;
    }

    /// <returns>When it started, 0 if nobody asks; and whether it was counted in: who listens may change meanwhile.</returns>
    public (long StartedAt, bool Counted) Started(Exchange exchange)
    {
        var counted = _active.Enabled;
        if (counted)
        {
            _active.Add(1, new(TelemetryTags.Cluster, exchange.Cluster.Cluster.Id), new KeyValuePair<string, object?>(TelemetryTags.Destination, exchange.Destination.Id));
        }

        return (_duration.Enabled ? Stopwatch.GetTimestamp() : 0, counted);
    }

    public void Failed(Exchange exchange, ForwardFailure failure, Exception? exception)
    {
        exchange.Span?.SetStatus(ActivityStatusCode.Error, failure.Reason.Code);
        exchange.Span?.SetTag("error.type", failure.Reason.Code);
        var silenced = 0L;
        var level = failure.LogLevel < LogLevel.Warning || exchange.Destination.Warnings(time).MaySay((int)exchange.Error, out silenced) ? failure.LogLevel : LogLevel.Debug;
        if (!logger.IsEnabled(level))
        {
            return;
        }

        var (cause, traceId) = (CauseOf(exchange, exception), TraceIdentifiers.Of(exchange.HttpContext));

        // One line says it; the stack is for those who look closer.
        Log.Failed(
            logger,
            level,
            logger.IsEnabled(LogLevel.Debug) ? exception : null,
            exchange.RouteId,
            exchange.Cluster.Cluster.Id,
            exchange.Destination.Id,
            exchange.Destination.Destination.Address,
            failure.Reason.Code,
            exchange.Error,
            cause,
            traceId);
        if (silenced > 0)
        {
            Log.Silenced(logger, level, exchange.Cluster.Cluster.Id, exchange.Destination.Id, exchange.Error, silenced);
        }
    }

    /// <summary>Never the value, and never an unknown name as a tag: clients could make any number of them.</summary>
    public void FieldDropped(Exchange exchange, string name, DroppedField cause)
    {
        if (_droppedFields.Enabled)
        {
            _droppedFields.Add(
                1,
                new(TelemetryTags.Cluster, exchange.Cluster.Cluster.Id),
                new(TelemetryTags.Field, FieldKinds.IsKnown(name) ? name.ToLowerInvariant() : "other"),
                new(TelemetryTags.Cause, CauseOf(cause)));
        }

        if (logger.IsEnabled(LogLevel.Debug))
        {
            Log.FieldDropped(logger, exchange.RouteId, name.Length > MaxNameLength ? name[..MaxNameLength] : name, CauseOf(cause));
        }
    }

    public void Ended(Exchange exchange, long startedAt, bool counted)
    {
        if (exchange.Response is { } response)
        {
            exchange.Span?.SetTag("http.response.status_code", (int)response.StatusCode);
        }

        if (counted)
        {
            _active.Add(-1, new(TelemetryTags.Cluster, exchange.Cluster.Cluster.Id), new KeyValuePair<string, object?>(TelemetryTags.Destination, exchange.Destination.Id));
        }

        if (startedAt != 0)
        {
            _duration.Record(
                Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
                new TagList
                {
                    { TelemetryTags.Route, exchange.RouteId },
                    { TelemetryTags.Cluster, exchange.Cluster.Cluster.Id },
                    { TelemetryTags.Destination, exchange.Destination.Id },
                    { TelemetryTags.Outcome, exchange.Reason?.Code ?? "ok" },
                });
        }
    }

    private static string CauseOf(Exchange exchange, Exception? exception)
    {
        var (error, clocked) = (exchange.Error, exchange.Clock.Error);
        return (error == clocked || error is ForwardError.UpstreamConnectTimeout or ForwardError.Overloaded)
            && ClockSettings.Describe(error, exchange.Phase, exchange.Cluster, exchange.Deadline, exchange.GrantedByRoute) is { } clock
            ? clock
            : exception is null ? "no further cause" : LogText.Of(exception);
    }

    private static string CauseOf(DroppedField cause) => cause switch
    {
        DroppedField.Protected => "protected",
        DroppedField.Nominated => "nominated",
        DroppedField.Alias => "alias",
        DroppedField.Invalid => "invalid",
        _ => "trailer",
    };

    private static partial class Log
    {
        [LoggerMessage(EventIds.HeaderDropped, LogLevel.Debug, "Route {Route}: the field {Field} was not passed on ({Cause}).")]
        public static partial void FieldDropped(ILogger logger, string route, string field, string cause);

        [LoggerMessage(EventId = EventIds.ForwardFailed, Message = "Route {Route}, destination {Cluster}/{Destination} at {Address}: {Reason} ({Error}: {Cause}). Trace {TraceId}.")]
        public static partial void Failed(
            ILogger logger, LogLevel level, Exception? exception, string route, string cluster, string destination, Uri address, string reason, ForwardError error, string cause, string traceId);

        [LoggerMessage(EventId = EventIds.ForwardFailuresSilenced, Message = "Destination {Cluster}/{Destination} failed {Count} times more by {Error} since the line before; those are at Debug.")]
        public static partial void Silenced(ILogger logger, LogLevel level, string cluster, string destination, ForwardError error, long count);
    }
}
