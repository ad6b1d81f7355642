using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Resilience;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Clusters.Health;

/// <summary>What tells of the health of destinations: every change, and how many are available.</summary>
internal sealed partial class HealthTelemetry
{
    private readonly ConcurrentDictionary<ClusterVitals, bool> _inForce = new();
    private readonly ILogger<HealthTelemetry> _logger;
    private readonly CircuitTelemetry _circuits;
    private readonly Counter<long> _probes, _ejections, _changes, _starts;
    private readonly UpDownCounter<long> _panics;

    public HealthTelemetry(GatewayMeter meter, CircuitTelemetry circuits, ILogger<HealthTelemetry> logger)
    {
        (_logger, _circuits) = (logger, circuits);
        _probes = meter.Meter.CreateCounter<long>("gatewaykit.health.probes", "{probe}", "Health checks by outcome: passed, bad-answer, timed-out, unreachable, skipped.");
        _ejections = meter.Meter.CreateCounter<long>("gatewaykit.health.ejections", "{ejection}", "Destinations that did worse than the others, by outcome: ejected, shadow, limit, lifted.");
        _changes = meter.Meter.CreateCounter<long>("gatewaykit.health.changes", "{change}", "Changes of what health checks say of destinations: healthy, unhealthy.");
        _starts = meter.Meter.CreateCounter<long>("gatewaykit.health.slow_starts", "{start}", "Destinations that begin to get their share little by little, by outcome: started, shadow.");
        _panics = meter.Meter.CreateUpDownCounter<long>(
            "gatewaykit.health.panic", "{cluster}", "1 while a cluster ignores health checks and ejections because too few destinations are left.");
        meter.Meter.CreateObservableGauge(
            "gatewaykit.health.available",
            () => _inForce.Keys.Select(static vitals => vitals.Current).OfType<ClusterState>().Select(
                static cluster => new Measurement<int>(cluster.Availability.Count, new KeyValuePair<string, object?>(TelemetryTags.Cluster, cluster.Cluster.Id))),
            "{destination}",
            "Destinations that get requests now.");
        circuits.Watch(() => _inForce.Keys.Select(static vitals => vitals.Current).OfType<ClusterState>().SelectMany(StatesOf));
    }

    /// <summary>A cluster is in force: how many of its destinations are available is told whenever somebody looks at the metrics.</summary>
    public void Enter(ClusterVitals vitals) => _inForce.TryAdd(vitals, true);

    /// <summary>It is no more.</summary>
    public void Leave(ClusterVitals vitals) => _inForce.TryRemove(vitals, out _);

    public void Probed(string cluster, string destination, in ProbeAnswer answer, Exception? exception)
    {
        _probes.Add(1, new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Destination, destination), new(TelemetryTags.Outcome, NameOf(answer.Outcome)));
        if (answer.Outcome is not (ProbeOutcome.Passed or ProbeOutcome.Skipped))
        {
            Log.ProbeFailed(_logger, exception, destination, cluster, NameOf(answer.Outcome), answer.Detail);
        }
    }

    public void ProbeChanged(string cluster, DestinationHealth health, HealthState from, string target, in ProbeAnswer answer)
    {
        var (to, inARow, reason) = (health.Probes.State, health.Probes.InARow, NameOf(answer.Outcome));
        _changes.Add(1, new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Destination, health.Id), new(TelemetryTags.Outcome, to is HealthState.Healthy ? "healthy" : "unhealthy"));
        var (level, failures) = to is HealthState.Unhealthy ? (LogLevel.Warning, inARow) : (LogLevel.Information, 0);
        Log.HealthChanged(_logger, level, health.Id, cluster, to, from, reason, target, answer.Detail, inARow, failures);
    }

    public void CircuitChanged(string cluster, DestinationHealth health, CircuitChange change)
    {
        _circuits.DestinationChanged(cluster, health.Id, change);
        if (change.To is CircuitState.Open)
        {
            Log.CircuitOpened(_logger, health.Id, cluster, health.Address, change.From, change.To, change.OpenFor, change.Reason, change.Samples, change.Failures, health.LatestFailure);
        }
        else
        {
            Log.CircuitChanged(_logger, health.Id, cluster, change.From, change.To, change.Reason, change.Samples, change.Failures);
        }
    }

    public void Ejected(string cluster, DestinationHealth health, CallCount calls)
    {
        CountEjection(cluster, health.Id, "ejected");
        Log.Ejected(_logger, health.Id, cluster, health.Circuit.State, CircuitState.Open, DestinationHealth.Outlier, calls.Calls, calls.Failures);
    }

    public void NotEjected(string cluster, DestinationHealth health, CallCount calls, string outcome)
    {
        CountEjection(cluster, health.Id, outcome);
        Log.NotEjected(_logger, health.Id, cluster, health.Circuit.State, outcome, calls.Calls, calls.Failures);
    }

    public void EjectionsLifted(string cluster, IReadOnlyList<DestinationHealth> lifted)
    {
        foreach (var health in lifted)
        {
            CountEjection(cluster, health.Id, "lifted");
        }

        Log.EjectionsLifted(_logger, cluster, lifted.Count);
    }

    public void Panic(string cluster, bool begins, int available, int count)
    {
        CountPanic(cluster, begins ? 1 : -1);
        if (begins)
        {
            Log.PanicBegan(_logger, cluster, available, count);
        }
        else
        {
            Log.PanicEnded(_logger, cluster, available, count);
        }
    }

    /// <summary>A cluster has left while in panic. Its health checks are not believed again: nobody asks them any more.</summary>
    public void PanicLeft(string cluster) => CountPanic(cluster, -1);

    /// <summary>A destination begins to get its share little by little, or would.</summary>
    public void Started(string cluster, string destination, bool isShadow) =>
        _starts.Add(1, new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Destination, destination), new(TelemetryTags.Outcome, isShadow ? "shadow" : "started"));

    public void Isolated(string cluster, DestinationHealth health, CircuitState from) => Log.Isolated(_logger, health.Id, cluster, from, CircuitState.Isolated);

    public void Closed(string cluster, DestinationHealth health, CircuitState from) => Log.Closed(_logger, health.Id, cluster, from, CircuitState.Closed);

    /// <summary>How an outcome is called in metrics and events.</summary>
    public static string NameOf(ProbeOutcome outcome) => outcome switch
    {
        ProbeOutcome.Passed => "passed",
        ProbeOutcome.BadAnswer => "bad-answer",
        ProbeOutcome.TimedOut => "timed-out",
        ProbeOutcome.Unreachable => "unreachable",
        _ => "skipped",
    };

    private static IEnumerable<Measurement<int>> StatesOf(ClusterState cluster)
    {
        foreach (var destination in cluster.Destinations)
        {
            if (destination.Health is { } health)
            {
                yield return CircuitTelemetry.StateOf(health.Circuit, new(TelemetryTags.Cluster, cluster.Cluster.Id), new(TelemetryTags.Destination, health.Id));
            }
        }
    }

    private void CountPanic(string cluster, int change) => _panics.Add(change, new KeyValuePair<string, object?>(TelemetryTags.Cluster, cluster));

    private void CountEjection(string cluster, string destination, string outcome) =>
        _ejections.Add(1, new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Destination, destination), new(TelemetryTags.Outcome, outcome));

    private static partial class Log
    {
        [LoggerMessage(
            EventId = EventIds.DestinationHealthChanged,
            Message = "Destination {Destination} of cluster {Cluster}: health checks say {To}, before {From}: {Reason} at {Target} ({Detail}; {Samples} answers in a row, {Failures} failures).")]
        public static partial void HealthChanged(
            ILogger logger, LogLevel level, string destination, string cluster, HealthState to, HealthState from, string reason, string target, string? detail, int samples, int failures);

        [LoggerMessage(EventIds.CircuitChanged, LogLevel.Information, "Circuit of destination {Destination} of cluster {Cluster}: {To}, before {From}: {Reason} ({Samples} calls, {Failures} failures).")]
        public static partial void CircuitChanged(ILogger logger, string destination, string cluster, CircuitState from, CircuitState to, string reason, int samples, int failures);

        [LoggerMessage(
            EventIds.CircuitOpened, LogLevel.Warning,
            "Circuit of destination {Destination} of cluster {Cluster} at {Address}: {To} for {OpenFor}, before {From}: {Reason} ({Samples} calls, {Failures} failures, the latest: {LatestFailure}).")]
        public static partial void CircuitOpened(
            ILogger logger, string destination, string cluster, Uri address, CircuitState from, CircuitState to, TimeSpan openFor, string reason, int samples, int failures, string latestFailure);

        [LoggerMessage(EventIds.DestinationEjected, LogLevel.Warning, "Destination {Destination} of cluster {Cluster} does worse than the others and is ejected: {To}, before {From}: {Reason} ({Samples} calls, {Failures} failures).")]
        public static partial void Ejected(ILogger logger, string destination, string cluster, CircuitState from, CircuitState to, string reason, long samples, long failures);

        [LoggerMessage(EventIds.DestinationNotEjected, LogLevel.Warning, "Destination {Destination} of cluster {Cluster} does worse than the others and stays {From}: {Reason} ({Samples} calls, {Failures} failures).")]
        public static partial void NotEjected(ILogger logger, string destination, string cluster, CircuitState from, string reason, long samples, long failures);

        [LoggerMessage(EventIds.EjectionsLifted, LogLevel.Warning, "Cluster {Cluster}: too few destinations are left; the {Count} that were ejected are in use again.")]
        public static partial void EjectionsLifted(ILogger logger, string cluster, int count);

        [LoggerMessage(EventIds.PanicBegan, LogLevel.Error, "Cluster {Cluster}: health checks leave {Available} of {Count} destinations. That is too few to be believed, and all are in use whose circuit is closed.")]
        public static partial void PanicBegan(ILogger logger, string cluster, int available, int count);

        [LoggerMessage(EventIds.PanicEnded, LogLevel.Information, "Cluster {Cluster}: health checks leave {Available} of {Count} destinations, and are believed again.")]
        public static partial void PanicEnded(ILogger logger, string cluster, int available, int count);

        [LoggerMessage(EventIds.DestinationIsolated, LogLevel.Warning, "Destination {Destination} of cluster {Cluster} is isolated by hand: {To}, before {From}.")]
        public static partial void Isolated(ILogger logger, string destination, string cluster, CircuitState from, CircuitState to);

        [LoggerMessage(EventIds.DestinationClosed, LogLevel.Warning, "Destination {Destination} of cluster {Cluster} is put back into use by hand: {To}, before {From}.")]
        public static partial void Closed(ILogger logger, string destination, string cluster, CircuitState from, CircuitState to);

        [LoggerMessage(EventIds.ProbeFailed, LogLevel.Debug, "Health check of destination {Destination} of cluster {Cluster}: {Reason} ({Detail}).")]
        public static partial void ProbeFailed(ILogger logger, Exception? exception, string destination, string cluster, string reason, string? detail);
    }
}
