using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience;

/// <summary>
/// Finds the circuit of an endpoint: the same one each time the endpoint is built (A7), so that a reload closes nothing. It holds circuits weakly
/// and endpoints hold them firmly: one goes when the last snapshot that uses it does.
/// </summary>
internal sealed class EndpointCircuits
{
    private const int FirstSweep = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<Identity, Known> _known = [];
    private readonly TimeProvider _time;
    private readonly CircuitTelemetry _telemetry;
    private int _sweepAt = FirstSweep;

    public EndpointCircuits(TimeProvider time, CircuitTelemetry telemetry)
    {
        (_time, _telemetry) = (time, telemetry);
        telemetry.Watch(States);
    }

    public CircuitBreaker For(GatewayEndpoint endpoint, CircuitBreakerPolicy policy)
    {
        // In shadow the pipeline sets refusals aside, so the circuit makes them; and what was tried in shadow goes on in force.
        var rules = policy with { Mode = PolicyMode.Enforce };
        var identity = new Identity(endpoint.StateKey.ToUpperInvariant(), rules);
        lock (_lock)
        {
            if (_known.TryGetValue(identity, out var entry) && entry.Circuit.TryGetTarget(out var known))
            {
                return known;
            }

            var route = endpoint.RouteId;
            var created = new CircuitBreaker(rules, _time, Random.Shared.NextDouble, change => _telemetry.EndpointChanged(route, change));
            _known[identity] = new(route, new(created));
            if (_known.Count > _sweepAt)
            {
                Sweep();
            }

            return created;
        }
    }

    // Not under the lock when it is read: a state that time has changed is told there and then.
    private List<Measurement<int>> States()
    {
        Known[] known;
        lock (_lock)
        {
            known = [.. _known.Values];
        }

        var states = new List<Measurement<int>>(known.Length);
        foreach (var (route, reference) in known)
        {
            if (reference.TryGetTarget(out var circuit))
            {
                states.Add(CircuitTelemetry.StateOf(circuit, new KeyValuePair<string, object?>(TelemetryTags.Route, route)));
            }
        }

        return states;
    }

    // Forgets identities whose circuit is gone, each time their number has doubled.
    private void Sweep()
    {
        foreach (var (identity, entry) in _known)
        {
            if (!entry.Circuit.TryGetTarget(out _))
            {
                _known.Remove(identity);
            }
        }

        _sweepAt = Math.Max(FirstSweep, 2 * _known.Count);
    }

    private readonly record struct Known(string Route, WeakReference<CircuitBreaker> Circuit);

    private readonly record struct Identity(string Key, CircuitBreakerPolicy Rules);
}
