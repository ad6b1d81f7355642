namespace GatewayKit.Clusters.Balancing;

/// <summary>A destination that may be picked now.</summary>
/// <param name="Destination">Which one.</param>
/// <param name="Weight">
/// Its weight now: that of the configuration, times its slow start, times the share that its breaker lets through. With 0 it takes no request but
/// those of sessions that are bound to it.
/// </param>
internal readonly record struct Candidate(DestinationState Destination, double Weight)
{
    /// <summary>With the weight of the configuration.</summary>
    public static Candidate Whole(DestinationState destination) => new(destination, destination.Weight);

    /// <summary>How much of its configured weight it has, 0 to 1.</summary>
    public double Share => Destination.Weight > 0 ? Weight / Destination.Weight : 0;
}
