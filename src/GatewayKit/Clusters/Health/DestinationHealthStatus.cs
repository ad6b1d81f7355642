using GatewayKit.Resilience;

namespace GatewayKit.Clusters.Health;

/// <summary>What is known of the health of a destination at one moment, by each way of finding out.</summary>
public sealed record DestinationHealthStatus
{
    /// <summary>What health checks say. <see cref="HealthState.Unknown"/> before the first answer, and where none are made.</summary>
    public HealthState Active { get; init; }

    /// <summary>How it does compared with the others: unhealthy while it is ejected, unknown before its first call.</summary>
    public HealthState Passive { get; init; }

    /// <summary>Its circuit breaker.</summary>
    public CircuitState Breaker { get; init; }

    /// <summary>Whether it gets requests now.</summary>
    public bool IsAvailable { get; init; }

    /// <summary>When any of this changed last; <see langword="null"/> if nothing has.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Why, as a code such as <c>outlier</c> or <c>health-check-timed-out</c>; <see langword="null"/> if nothing has changed.</summary>
    public string? Reason { get; init; }
}
