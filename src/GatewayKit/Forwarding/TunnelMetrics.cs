using System.Diagnostics;
using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Forwarding;

/// <summary>What the end of a tunnel tells: how long it was open, what went through, who ended it.</summary>
internal sealed partial class TunnelMetrics(GatewayMeter meter, ILogger<Forwarder> logger)
{
    private readonly Histogram<double> _duration = meter.Meter.CreateHistogram<double>(
        "gatewaykit.tunnel.duration", "s", "From the upgrade of a connection to its end.");

    private readonly Counter<long> _bytes = meter.Meter.CreateCounter<long>(
        "gatewaykit.tunnel.bytes", "By", "Bytes through upgraded connections, counted when they end.");

    public void Ended(Exchange exchange, TunnelRecord record, ForwardError error)
    {
        var endedBy = record.EndedBy switch
        {
            TunnelSide.Client => "client",
            TunnelSide.Destination => "destination",
            _ => "gateway",
        };
        exchange.Span?.SetTag(TelemetryTags.EndedBy, endedBy);
        var tags = new TagList
        {
            { TelemetryTags.Route, exchange.RouteId },
            { TelemetryTags.Cluster, exchange.Cluster.Cluster.Id },
            { TelemetryTags.Destination, exchange.Destination.Id },
        };
        AddBytes("up", record.BytesFromClient);
        AddBytes("down", record.BytesFromDestination);
        tags.Add(TelemetryTags.EndedBy, endedBy);
        tags.Add(TelemetryTags.Outcome, error is ForwardError.None ? "ok" : ForwardFailure.Of(error).Reason.Code);
        _duration.Record(record.Duration.TotalSeconds, tags);
        Log.Ended(logger, exchange.RouteId, exchange.Cluster.Cluster.Id, exchange.Destination.Id, endedBy, record.Duration, record.BytesFromClient, record.BytesFromDestination);

        void AddBytes(string direction, long count) => _bytes.Add(count, [.. tags, new(TelemetryTags.Direction, direction)]);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.TunnelEnded, LogLevel.Debug, "Route {Route}: the tunnel to {Cluster}/{Destination} was ended by the {EndedBy} after {Duration}; {BytesFromClient} bytes up, {BytesFromDestination} down.")]
        public static partial void Ended(
            ILogger logger, string route, string cluster, string destination, string endedBy, TimeSpan duration, long bytesFromClient, long bytesFromDestination);
    }
}
