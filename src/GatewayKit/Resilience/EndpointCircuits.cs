using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience;

/// <summary>Finds the circuit of an endpoint, so that a reload closes nothing. One with other rules is another, and isolated if the former was.</summary>
internal sealed class EndpointCircuits
{
    private readonly WeakMap<Identity, EndpointCircuit> _known = new();
    private readonly Lock _lock = new();
    private readonly HashSet<string> _isolated = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeProvider _time;
    private readonly CircuitTelemetry _telemetry;
    private long _builds;

    public EndpointCircuits(TimeProvider time, CircuitTelemetry telemetry)
    {
        (_time, _telemetry) = (time, telemetry);
        telemetry.Watch(States);
    }

    /// <summary>Those that somebody uses, also by requests of a configuration that is gone.</summary>
    public IReadOnlyList<EndpointCircuit> InUse => _known.InUse;

    /// <summary>The one of each endpoint by which the latest build has served a request; before the first, that of the latest build.</summary>
    public IEnumerable<EndpointCircuit> InForce => InUse
        .GroupBy(static circuit => circuit.StateKey, StringComparer.OrdinalIgnoreCase)
        .Select(static circuits => circuits.MaxBy(static circuit => (circuit.Serving, circuit.BuildNumber))!);

    public EndpointCircuit For(GatewayEndpoint endpoint, CircuitBreakerPolicy policy)
    {
        // In shadow the pipeline sets refusals aside, so the circuit makes them; and what was tried in shadow goes on in force.
        var rules = policy with { Mode = PolicyMode.Enforce, EnforcePercent = 100, Candidate = null };
        var (key, route) = (endpoint.StateKey, endpoint.RouteId);
        lock (_lock)
        {
            var circuit = _known.GetOrAdd(
                new(key.ToUpperInvariant(), rules),
                () => new(key, route, new(rules, _time, Random.Shared.NextDouble, change => _telemetry.EndpointChanged(route, change))));
            circuit.BuildNumber = ++_builds;
            if (_isolated.Contains(key))
            {
                circuit.Breaker.Isolate();
            }

            return circuit;
        }
    }

    /// <summary>Stops all calls of endpoints, also by circuits that they get from now on, until <see cref="Close"/>.</summary>
    public void Isolate(IEnumerable<EndpointCircuit> circuits)
    {
        lock (_lock)
        {
            foreach (var circuit in circuits)
            {
                _isolated.Add(circuit.StateKey);
                circuit.Breaker.Isolate();
            }
        }
    }

    /// <summary>Lets all calls of endpoints through, whatever was before.</summary>
    public void Close(IEnumerable<EndpointCircuit> circuits)
    {
        lock (_lock)
        {
            foreach (var circuit in circuits)
            {
                _isolated.Remove(circuit.StateKey);
                circuit.Breaker.Close();
            }
        }
    }

    private IEnumerable<Measurement<int>> States() =>
        InForce.Select(static circuit => CircuitTelemetry.StateOf(circuit.Breaker, new KeyValuePair<string, object?>(TelemetryTags.Route, circuit.RouteId)));

    private readonly record struct Identity(string Key, CircuitBreakerPolicy Rules);
}
