using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// Leaves a destination alone that fails clearly more often than the others of its cluster together: first wholly, then it gets a few requests, then
/// little by little its share, with the times and steps of the circuit breaker. What befalls all of them alike ejects none.
/// </summary>
public sealed record OutlierEjection
{
    /// <summary>Off, watching, or in force. Default <see cref="PolicyMode.Enforce"/>. In shadow each ejection that would be made is counted and logged.</summary>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>How far back requests count, 5 s to 5 min; it is looked five times in that time. Default 10 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many requests a destination, and the others together, must have had for a comparison, 1 to 100,000. Default 20.</summary>
    [Range(1, 100_000)]
    public int MinRequests { get; init; } = 20;

    /// <summary>
    /// How many more of a hundred requests must fail than at the others together, 1 to 100. Default 20. Every 5xx is a failure here: requests
    /// that no destination can serve hit all of them alike.
    /// </summary>
    [Range(1, 100)]
    public double Distance { get; init; } = 20;

    /// <summary>How many percent of the destinations may be ejected at once, 1 to 99, and always one if there are two or more. Default 50.</summary>
    [Range(1, 99)]
    public double MaxPercent { get; init; } = 50;

    /// <summary>How many of a fleet may be ejected at once.</summary>
    internal int MostOf(int destinations) => destinations < 2 ? 0 : Math.Max(1, (int)Math.Floor(destinations * MaxPercent / 100));
}
