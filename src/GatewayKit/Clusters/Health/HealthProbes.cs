using GatewayKit.Lifecycle;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// The health checks that run: one per destination of each cluster in force that asks for them. They end when the host begins to stop.
/// </summary>
internal sealed class HealthProbes : IDisposable
{
    private readonly Dictionary<ClusterVitals, DestinationProbe[]> _running = [];
    private readonly HealthTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;
    private readonly Lock _lock = new();
    private readonly CancellationTokenRegistration _draining;
    private bool _isStopped;

    /// <param name="telemetry">What tells of them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="drain">Says when the host stops.</param>
    /// <param name="random">Draws from 0 to 1. Default the process's.</param>
    public HealthProbes(HealthTelemetry telemetry, TimeProvider time, DrainState? drain = null, Func<double>? random = null)
    {
        (_telemetry, _time, _random) = (telemetry, time, random ?? Random.Shared.NextDouble);
        _draining = drain?.Draining.UnsafeRegister(static probes => ((HealthProbes)probes!).Stop(), this) ?? default;
    }

    /// <summary>How many run.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _running.Values.Sum(static probes => probes.Length);
            }
        }
    }

    /// <summary>Has the destinations that a cluster has now checked as it says. Checks of what did not change go on as if nothing had been.</summary>
    public void Follow(ClusterState cluster)
    {
        if (cluster.Vitals is not { } vitals)
        {
            return;
        }

        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            var before = _running.GetValueOrDefault(vitals, []);
            var after = cluster.Cluster.Health.Active is { Mode: not Pipeline.PolicyMode.Off } settings
                ? cluster.Destinations.Where(static destination => destination.Health is not null).Select(destination => ProbeOf(cluster, destination, settings, before)).ToArray()
                : [];
            foreach (var probe in before.Except(after))
            {
                probe.Stop();
            }

            if (after.Length > 0)
            {
                _running[vitals] = after;
            }
            else
            {
                _running.Remove(vitals);
            }
        }
    }

    /// <summary>Ends the checks of a cluster.</summary>
    public void Leave(ClusterVitals vitals)
    {
        lock (_lock)
        {
            if (_running.Remove(vitals, out var probes))
            {
                Array.ForEach(probes, static probe => probe.Stop());
            }
        }
    }

    /// <summary>A cluster gets requests again: its checks must not wait as long as if it did not.</summary>
    public void Hasten(ClusterVitals vitals)
    {
        lock (_lock)
        {
            Array.ForEach(_running.GetValueOrDefault(vitals, []), static probe => probe.Hasten());
        }
    }

    public void Dispose()
    {
        _draining.Dispose();
        Stop();
    }

    private void Stop()
    {
        lock (_lock)
        {
            _isStopped = true;
            foreach (var probe in _running.Values.SelectMany(static probes => probes))
            {
                probe.Stop();
            }

            _running.Clear();
        }
    }

    private DestinationProbe ProbeOf(ClusterState cluster, DestinationState destination, ActiveHealth settings, DestinationProbe[] before)
    {
        var probe = Array.Find(before, known => known.IsOf(destination));
        probe?.Update(cluster, destination, settings);
        return probe ?? new(cluster, destination, settings, _telemetry, _time, _random);
    }
}
