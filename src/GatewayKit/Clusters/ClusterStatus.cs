namespace GatewayKit.Clusters;

/// <summary>What is known of a cluster at one moment.</summary>
public sealed record ClusterStatus
{
    /// <summary>The name that routes refer to.</summary>
    public required string Id { get; init; }

    /// <summary>Whether health checks and ejections leave so few destinations that they are ignored.</summary>
    public bool IsPanic { get; init; }

    /// <summary>Its destinations, in the order of the configuration.</summary>
    public required IReadOnlyList<DestinationStatus> Destinations { get; init; }
}
