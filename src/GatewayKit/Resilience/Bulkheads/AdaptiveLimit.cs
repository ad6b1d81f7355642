using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// Lets the number of places follow what is behind them, below the fixed number: it grows while answers come as fast as they used to, and shrinks when
/// they get slower or fail for want of capacity. The defaults suit most services.
/// </summary>
public sealed record AdaptiveLimit : IValidatableObject
{
    /// <summary>The fewest places there are, 1 to 1,000,000. Default 2: a higher floor would not protect a service that collapses early.</summary>
    [Range(1, 1_000_000)]
    public int Min { get; init; } = 2;

    /// <summary>The most places there are, 1 to 1,000,000. Default 1,000. A lower <c>MaxInFlight</c> counts in its place.</summary>
    [Range(1, 1_000_000)]
    public int Max { get; init; } = 1_000;

    /// <summary>How many there are before anything is known, and again after trouble is over, from <see cref="Min"/> to <see cref="Max"/>. Default 20.</summary>
    [Range(1, 1_000_000)]
    public int Initial { get; init; } = 20;

    /// <summary>By what factor nine of ten answers may get slower than they used to be before the number of places shrinks, 1 to 10. Default 1.5.</summary>
    [Range(1.0, 10.0)]
    public double Tolerance { get; init; } = 1.5;

    /// <summary>
    /// In what time nine of ten answers begin when the service is well, 1 ms to 1 h. It stands in for what would be learnt, so that not even a lasting
    /// brown-out becomes normal. Default <see langword="null"/>: it is learnt.
    /// </summary>
    public TimeSpan? TargetLatency { get; init; }

    /// <summary>Off, watching, or in force. Default <see cref="PolicyMode.Enforce"/>. In shadow the number moves, and nobody is refused by it.</summary>
    public PolicyMode Mode { get; init; }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Max < Min)
        {
            yield return new($"Max is {Max}, less than Min, which is {Min}. Raise Max or lower Min.", [nameof(Max)]);
        }
        else if (Initial < Min || Initial > Max)
        {
            yield return new($"Initial is {Initial}; it must be from Min, which is {Min}, to Max, which is {Max}.", [nameof(Initial)]);
        }

        if (TargetLatency is { } target && (target < TimeSpan.FromMilliseconds(1) || target > TimeSpan.FromHours(1)))
        {
            yield return new($"TargetLatency is {target:c}; it must be from 1 ms to 1 h.", [nameof(TargetLatency)]);
        }
    }
}
