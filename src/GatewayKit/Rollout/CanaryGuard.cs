using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Rollout;

/// <summary>
/// Compares each canary with the stable cluster, once a second over a window, and takes back one that does worse beyond chance. An error is an answer of 5xx
/// or a failure to get one; the time is that up to the head of the answer.
/// </summary>
public sealed record CanaryGuard
{
    /// <summary>How far back it looks: 10 s to 1 h. Default 1 minute.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many requests each side must have had in the window, 20 to 1,000,000. Default 200: fewer say little.</summary>
    [Range(20, 1_000_000)]
    public int MinSamples { get; init; } = 200;

    /// <summary>By how many percentage points the canary's errors may exceed the stable cluster's, 0 to 100. Default 1.</summary>
    [Range(0d, 100d)]
    public double MaxErrorExcess { get; init; } = 1;

    /// <summary>By what factor the canary's 95th percentile may exceed the stable cluster's, 1 to 100. Default 1.5. Less than 10 ms is no difference.</summary>
    [Range(1d, 100d)]
    public double MaxLatencyRatio { get; init; } = 1.5;

    /// <summary>What happens to the canary. Default <see cref="GuardAction.RollBack"/>.</summary>
    public GuardAction Action { get; init; }

    /// <summary>Default <see cref="PolicyMode.Enforce"/>. In <see cref="PolicyMode.Shadow"/> it says what it would do, and does nothing.</summary>
    public PolicyMode Mode { get; init; }
}

/// <summary>What a guard does to a canary that does worse. It holds until the share of the canary is configured anew.</summary>
public enum GuardAction
{
    /// <summary>The canary gets nothing any more.</summary>
    RollBack,

    /// <summary>The canary keeps the share that it has, and its ramp stands still.</summary>
    Stop,
}
