using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Resilience;

/// <summary>How many retries there may be for the requests that come. Kept per cluster and instance.</summary>
public sealed record RetryBudgetPolicy
{
    /// <summary>Retries for each request that came within <see cref="Window"/>, 0 to 1. Default 0.2.</summary>
    [Range(0, 1)]
    public double Ratio { get; init; } = 0.2;

    /// <summary>How far back requests count, 1 s to 5 min. Default 10 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Retries per second that are allowed whatever came, 0 to 1,000. Default 3. Those of a whole window can be made at once.</summary>
    [Range(0, 1_000)]
    public double MinPerSecond { get; init; } = 3;
}
