using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience;

/// <summary>Tells of circuits: every change, and what state each is in whenever somebody looks.</summary>
internal sealed partial class CircuitTelemetry
{
    private const string From = "gatewaykit.circuit.from";
    private const string To = "gatewaykit.circuit.to";

    private readonly ConcurrentBag<Func<IEnumerable<Measurement<int>>>> _states = [];
    private readonly ILogger<CircuitTelemetry> _logger;
    private readonly Counter<long> _changes;

    public CircuitTelemetry(GatewayMeter meter, ILogger<CircuitTelemetry> logger)
    {
        _logger = logger;
        _changes = meter.Meter.CreateCounter<long>("gatewaykit.circuit.changes", "{change}", "Changes of the state of circuits, by reason.");
        meter.Meter.CreateObservableGauge(
            "gatewaykit.circuit.state",
            () => _states.SelectMany(static states => states()),
            "{state}",
            "States of circuits: 0 closed, 1 open, 2 half open, 3 recovering, 4 isolated.");
    }

    /// <summary>The state of a circuit, with what tells it apart.</summary>
    public static Measurement<int> StateOf(CircuitBreaker circuit, params ReadOnlySpan<KeyValuePair<string, object?>> tags) => new((int)circuit.State, tags);

    /// <summary>Adds circuits whose states are told whenever somebody looks at the metrics.</summary>
    public void Watch(Func<IEnumerable<Measurement<int>>> states) => _states.Add(states);

    /// <summary>The circuit of an endpoint has changed.</summary>
    public void EndpointChanged(string route, in CircuitChange change)
    {
        _changes.Add(1, [new(TelemetryTags.Route, route), new(From, NameOf(change.From)), new(To, NameOf(change.To)), new(TelemetryTags.Reason, change.Reason)]);
        var level = change.To is CircuitState.Open ? LogLevel.Warning : LogLevel.Information;
        Log.Changed(_logger, level, route, change.From, change.To, change.Reason, change.Samples, change.Failures);
    }

    /// <summary>The circuit of a destination has changed. The event is told by whoever knows the destination's health.</summary>
    public void DestinationChanged(string cluster, string destination, in CircuitChange change) => _changes.Add(
        1,
        [
            new(TelemetryTags.Cluster, cluster),
            new(TelemetryTags.Destination, destination),
            new(From, NameOf(change.From)),
            new(To, NameOf(change.To)),
            new(TelemetryTags.Reason, change.Reason),
        ]);

    // The case of codes, like all others in metrics.
    private static string NameOf(CircuitState state) => state switch
    {
        CircuitState.Closed => "closed",
        CircuitState.Open => "open",
        CircuitState.HalfOpen => "half-open",
        CircuitState.Recovering => "recovering",
        _ => "isolated",
    };

    private static partial class Log
    {
        [LoggerMessage(EventId = EventIds.EndpointCircuitChanged, Message = "Circuit of {Route}: {To}, before {From}: {Reason} ({Samples} calls, {Failures} failures).")]
        public static partial void Changed(ILogger logger, LogLevel level, string route, CircuitState from, CircuitState to, string reason, int samples, int failures);
    }
}
