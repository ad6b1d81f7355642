using GatewayKit.Clusters.Health;

namespace GatewayKit.Clusters;

/// <summary>What is known of a destination at one moment.</summary>
public sealed record DestinationStatus
{
    /// <summary>The name of the destination within its cluster.</summary>
    public required string Id { get; init; }

    /// <summary>Where it is.</summary>
    public required Uri Address { get; init; }

    /// <summary>How many requests and upgraded connections it has now, from this gateway.</summary>
    public int InFlight { get; init; }

    /// <summary>Whether it gets no new requests but those of sessions that are bound to it.</summary>
    public bool IsDraining { get; init; }

    /// <summary>What is known of its health.</summary>
    public DestinationHealthStatus Health { get; init; } = new();
}
