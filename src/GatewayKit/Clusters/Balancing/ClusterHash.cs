using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Clusters.Balancing;

/// <summary>What <see cref="LoadBalancing.ConsistentHash"/> goes by. Immutable, with value equality.</summary>
public sealed record ClusterHash
{
    internal const double DefaultBoundedLoad = 1.25;

    /// <summary>What requests are told apart by. One that lacks it is balanced by <see cref="LoadBalancing.PowerOfTwoChoices"/>.</summary>
    [Required]
    public required HashKey Key { get; init; }

    /// <summary>
    /// How many times its share of the requests in flight a destination takes before some of its keys go elsewhere, 1.01 to 100; 0 switches the bound
    /// off. Default 1.25. (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2018.)
    /// </summary>
    [Range(0, 100)]
    public double BoundedLoad { get; init; } = DefaultBoundedLoad;
}
