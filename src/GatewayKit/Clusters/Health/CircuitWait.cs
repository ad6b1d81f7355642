using GatewayKit.Resilience;

namespace GatewayKit.Clusters.Health;

/// <summary>How long until a circuit lets somebody through.</summary>
internal static class CircuitWait
{
    // One that tries, or recovers, has a place any moment.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>The shortest wait of all whose circuit is not closed; <see langword="null"/> if there is none, or none that ends by itself.</summary>
    public static TimeSpan? Of(IReadOnlyList<DestinationState> destinations)
    {
        TimeSpan? shortest = null;
        for (var i = 0; i < destinations.Count; i++)
        {
            var wait = destinations[i] is { Weight: > 0, Health.Circuit: { } circuit } ? Of(circuit) : null;
            shortest = shortest is null || wait < shortest ? wait ?? shortest : shortest;
        }

        return shortest;
    }

    private static TimeSpan? Of(CircuitBreaker circuit) => circuit.State switch
    {
        CircuitState.Open => circuit.RetryAfter,
        CircuitState.HalfOpen or CircuitState.Recovering => Soon,
        _ => null,
    };
}
