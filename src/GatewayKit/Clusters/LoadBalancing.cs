namespace GatewayKit.Clusters;

/// <summary>How a destination is picked. Every rule honours <see cref="Destination.Weight"/>.</summary>
public enum LoadBalancing
{
    /// <summary>The less busy of two destinations drawn at random (Mitzenmacher, "The Power of Two Choices", 2001).</summary>
    PowerOfTwoChoices,

    /// <summary>One after the other, smoothly weighted.</summary>
    RoundRobin,

    /// <summary>The one with the fewest requests in flight for its weight.</summary>
    LeastRequests,

    /// <summary>At random.</summary>
    Random,
}
