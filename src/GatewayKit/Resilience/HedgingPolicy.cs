using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience;

/// <summary>
/// Asks a second destination when the first takes long (Dean and Barroso, "The Tail at Scale", 2013). For GET and HEAD without a body. The first
/// acceptable answer is kept, the other attempt is cancelled. Each hedge takes from the budget of retries.
/// </summary>
public sealed record HedgingPolicy
{
    /// <summary>Off, watching, or in force. Default <see cref="PolicyMode.Enforce"/>. In shadow each hedge that would be made is counted, and none is made.</summary>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>How long the first attempt has before the second begins. Default: what 19 of 20 attempts at the cluster take, and never less than <see cref="MinDelay"/>.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The least that is waited before a second attempt. Default 10 ms.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How many of a hundred requests may be hedged, 0.1 to 50. Default 5.</summary>
    [Range(0.1, 50)]
    public double MaxPercent { get; init; } = 5;
}
