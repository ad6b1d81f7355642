using GatewayKit.Clusters;

namespace GatewayKit.Resilience;

/// <summary>
/// Looks at the circuits of endpoints (<c>WithCircuitBreaker</c>, <c>CircuitBreaker</c> of a route) and switches them by hand, from the host's own code.
/// What is said here holds for this process, over reloads. Those of destinations are a matter of <see cref="GatewayClusters"/>. Safe for concurrent use.
/// </summary>
public sealed class GatewayCircuits
{
    private readonly EndpointCircuits _circuits;

    internal GatewayCircuits(EndpointCircuits circuits) => _circuits = circuits;

    /// <summary>
    /// The states of all circuits now, by endpoint: the id of a route; the name of an endpoint of the host, else its display name. Where several endpoints have
    /// one name, the state of the one that is farthest from <see cref="CircuitState.Closed"/>.
    /// </summary>
    public IReadOnlyDictionary<string, CircuitState> GetAll() => _circuits.InForce
        .GroupBy(static circuit => circuit.RouteId, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(static group => group.Key, static group => group.Select(static circuit => circuit.Breaker.State).MaxBy(Severity), StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Stops all requests of an endpoint at once, until <see cref="Close"/>: they are answered 503 <c>circuit-open</c>. Those in flight run to their end. Where the
    /// policy is in shadow, this too is counted and stops nothing.
    /// </summary>
    /// <param name="endpoint">What <see cref="GetAll"/> calls it; case is ignored. All that have the name.</param>
    /// <exception cref="ArgumentException">No endpoint of this name has a circuit; the message has the nearest name.</exception>
    public void Isolate(string endpoint) => _circuits.Isolate(Find(endpoint));

    /// <summary>Closes the circuit of an endpoint, whatever opened it: an isolation or failures. What comes of its requests may open it again.</summary>
    /// <param name="endpoint">What <see cref="GetAll"/> calls it; case is ignored. All that have the name.</param>
    /// <exception cref="ArgumentException">No endpoint of this name has a circuit; the message has the nearest name.</exception>
    public void Close(string endpoint) => _circuits.Close(Find(endpoint));

    private static int Severity(CircuitState state) => state switch
    {
        CircuitState.Closed => 0,
        CircuitState.Recovering => 1,
        CircuitState.HalfOpen => 2,
        CircuitState.Open => 3,
        _ => 4,
    };

    private EndpointCircuit[] Find(string endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var known = _circuits.InUse;
        EndpointCircuit[] found = [.. known.Where(circuit => string.Equals(circuit.RouteId, endpoint, StringComparison.OrdinalIgnoreCase))];
        if (found.Length > 0)
        {
            return found;
        }

        var meant = NearestName.Of(endpoint, known.Select(static circuit => circuit.RouteId)) is { } nearest ? $" Did you mean '{nearest}'?" : string.Empty;
        throw new ArgumentException($"No endpoint '{endpoint}' has a circuit breaker.{meant}", nameof(endpoint));
    }
}
