using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Clusters;

/// <summary>A named set of destinations that can stand in for each other, and how to talk to them. Immutable, with value equality.</summary>
public sealed record Cluster
{
    /// <summary>The name that routes refer to; case is ignored.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>Where requests go, by id. May be empty: requests are then answered 503.</summary>
    public IReadOnlyDictionary<string, Destination> Destinations { get; init => field = ValueMap<Destination>.From(value); } = ValueMap<Destination>.Empty;

    /// <summary>How a destination is picked. Default <see cref="LoadBalancing.PowerOfTwoChoices"/>.</summary>
    public LoadBalancing LoadBalancing { get; init; } = LoadBalancing.PowerOfTwoChoices;

    /// <summary>The <c>Host</c> that destinations see. Default <see cref="HostHeader.Destination"/>.</summary>
    public HostHeader HostHeader { get; init; } = HostHeader.Destination;

    /// <summary>Connections and protocol.</summary>
    public ClusterHttp Http { get; init; } = new();

    /// <summary>TLS towards destinations whose address is <c>https</c>.</summary>
    public ClusterTls Tls { get; init; } = new();

    /// <summary>How long the gateway waits, and for what.</summary>
    public ClusterTimeouts Timeouts { get; init; } = new();
}
