namespace GatewayKit.Clusters;

/// <summary>How a destination is picked. Every rule honours weights: that of the configuration, less while a destination starts or recovers.</summary>
public enum LoadBalancing
{
    /// <summary>The less busy of two destinations drawn at random (Mitzenmacher, "The Power of Two Choices", 2001).</summary>
    PowerOfTwoChoices,

    /// <summary>One after the other. Where weights differ, the turns of a heavy destination are spread out.</summary>
    RoundRobin,

    /// <summary>The one with the fewest requests in flight for its weight; among equals at random.</summary>
    LeastRequests,

    /// <summary>At random.</summary>
    Random,

    /// <summary>The first by id that is available; while it recovers, its share. For an order of one's own see <see cref="Destination.Priority"/>.</summary>
    First,

    /// <summary>The one of two drawn at random that will answer sooner, by how long it took lately and what it has in flight.</summary>
    PeakEwma,

    /// <summary>Always the same one for the same key, which <see cref="Cluster.Hash"/> names.</summary>
    ConsistentHash,
}
