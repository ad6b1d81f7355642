using GatewayKit.Pipeline;
using GatewayKit.Resilience;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// What is known of a cluster's health that outlives its reloads: whether it gets requests, who has to look again when something changes, and the parts that
/// watch it.
/// </summary>
internal sealed class ClusterVitals(string clusterId, HealthWatch watch)
{
    private volatile bool _hasTraffic;
    private volatile ClusterState? _current;
    private bool _isPanic;
    private double _callsPerSecond;
    private int _isSwept;

    public string ClusterId { get; } = clusterId;

    public TimeProvider Time => watch.Time;

    public Func<double> Random => watch.Random;

    public HealthTelemetry Telemetry => watch.Telemetry;

    /// <summary>The cluster as it is in force; <see langword="null"/> before and after.</summary>
    public ClusterState? Current => _current;

    /// <summary>Whether it is looked at now and then because it gets requests.</summary>
    public bool IsSwept => Volatile.Read(ref _isSwept) != 0;

    /// <summary>Requests per second of late.</summary>
    public double CallsPerSecond
    {
        get => Volatile.Read(ref _callsPerSecond);
        set => Volatile.Write(ref _callsPerSecond, value);
    }

    /// <summary>Told when the destinations that may be picked could be others. Called from anywhere, also inside of locks; must only take a note.</summary>
    public event Action? Changed;

    /// <summary>A request came. As long as some do, that costs one look.</summary>
    public void NoteRequest()
    {
        if (!_hasTraffic)
        {
            _hasTraffic = true;
            if (Interlocked.Exchange(ref _isSwept, 1) == 0)
            {
                watch.TrafficBegan(this);
            }
        }
    }

    /// <summary>Whether requests came since this was asked last.</summary>
    public bool TakeTraffic()
    {
        var had = _hasTraffic;
        _hasTraffic = false;
        return had;
    }

    /// <summary>No requests came for a while. The next one begins again, and one that came meanwhile has begun.</summary>
    public void EndSweeps()
    {
        CallsPerSecond = 0;

        // A fence, as in NoteRequest: a request either sees that nobody looks any more, or is seen here.
        Interlocked.Exchange(ref _isSwept, 0);
        if (_hasTraffic && Interlocked.Exchange(ref _isSwept, 1) == 0)
        {
            watch.TrafficBegan(this);
        }
    }

    /// <summary>Tells when panic begins and ends, once each.</summary>
    public void NotePanic(bool isPanic, Availability seen)
    {
        if (Interlocked.Exchange(ref _isPanic, isPanic) != isPanic)
        {
            watch.Telemetry.Panic(ClusterId, isPanic, seen.Members.Fit, seen.Members.Count);
        }
    }

    /// <summary>A cluster comes into force.</summary>
    public void Enter(ClusterState state)
    {
        _current = state;
        foreach (var destination in state.Destinations)
        {
            destination.Health?.Adopt(state.Cluster);
        }

        state.Refresh();
        watch.Telemetry.Enter(this);
        watch.Probes.Follow(state);
    }

    /// <summary>The cluster is no more.</summary>
    public void Leave()
    {
        _current = null;
        if (Interlocked.Exchange(ref _isPanic, false))
        {
            watch.Telemetry.PanicLeft(ClusterId);
        }

        watch.Telemetry.Leave(this);
        watch.Probes.Leave(this);
    }

    /// <summary>Its destinations are others.</summary>
    public void DestinationsChanged(ClusterState state)
    {
        if (state == _current)
        {
            watch.Probes.Follow(state);
        }
    }

    /// <summary>Gives destinations that have none what is known of their health, which is nothing yet.</summary>
    /// <param name="cluster">The settings.</param>
    /// <param name="destinations">Those that there are from now on.</param>
    public void Equip(Cluster cluster, IReadOnlyList<DestinationState> destinations)
    {
        // Those that a cluster starts with are all cold alike: there is none to spare them.
        var joinedAt = _current is not null && destinations.Any(static destination => destination.Health is not null) ? SlowStartRule.Now(Time) : 0;
        foreach (var destination in destinations)
        {
            destination.Health ??= new(destination.Id, destination.Destination.Address, cluster, this) { JoinedAt = joinedAt };
        }
    }

    /// <summary>A health check has ended.</summary>
    /// <param name="health">Of whom.</param>
    /// <param name="settings">What was asked.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="from">What was known before, if that has changed.</param>
    public void Probed(DestinationHealth health, ActiveHealth settings, ProbeOutcome outcome, HealthState? from)
    {
        if (from is { } before)
        {
            health.Note(new(Time.GetUtcNow(), $"health-check-{HealthTelemetry.NameOf(outcome)}"));

            // It was away, and is as cold as one that joins.
            if (before is HealthState.Unhealthy && settings.Mode is PolicyMode.Enforce)
            {
                health.JoinedAt = SlowStartRule.Now(Time);
            }

            Invalidate();
            _current?.Refresh();
        }

        // It says that the destination is there, and not how it bears requests: a few of these find out.
        if (outcome is ProbeOutcome.Passed && settings.Mode is PolicyMode.Enforce && health.Circuit.State is CircuitState.Open)
        {
            health.Circuit.ProbeEarly();
        }
    }

    public void CircuitChanged(DestinationHealth health, CircuitChange change)
    {
        watch.Telemetry.CircuitChanged(ClusterId, health, change);
        Invalidate();
    }

    /// <summary>Something changed. The next pick looks again.</summary>
    public void Invalidate() => Changed?.Invoke();
}
