using System.ComponentModel.DataAnnotations;
using GatewayKit.Clusters.Affinity;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Clusters.Health;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Admission;

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

    /// <summary>What <see cref="LoadBalancing.ConsistentHash"/> goes by, which needs it; no other rule may have it. Default <see langword="null"/>.</summary>
    public ClusterHash? Hash { get; init; }

    /// <summary>Whether clients stay with the destination that answered them first. Default <see langword="null"/>: they do not.</summary>
    public ClusterAffinity? Affinity { get; init; }

    /// <summary>The <c>Host</c> that destinations see. Default <see cref="HostHeader.Destination"/>.</summary>
    public HostHeader HostHeader { get; init; } = HostHeader.Destination;

    /// <summary>Connections and protocol.</summary>
    public ClusterHttp Http { get; init; } = new();

    /// <summary>TLS towards destinations whose address is <c>https</c>.</summary>
    public ClusterTls Tls { get; init; } = new();

    /// <summary>How long the gateway waits, and for what.</summary>
    public ClusterTimeouts Timeouts { get; init; } = new();

    /// <summary>How much may be in flight at once.</summary>
    public ClusterLimits Limits { get; init; } = new();

    /// <summary>Where further destinations are found while the gateway runs, such as in DNS. Default: nowhere.</summary>
    public ClusterDiscovery? Discovery { get; init; }

    /// <summary>How it is found out which destinations are well, and what follows from it.</summary>
    public ClusterHealth Health { get; init; } = new();

    /// <summary>
    /// When a request is sent again. Default <see langword="null"/>: a request goes on to another destination when one cannot be reached, and
    /// nothing else is retried.
    /// </summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Whether a second destination is asked when the first takes long. Default <see langword="null"/>: it is not.</summary>
    public HedgingPolicy? Hedging { get; init; }

    /// <summary>When a destination that fails is left alone for a while. On by default.</summary>
    public CircuitBreakerPolicy CircuitBreaker { get; init; } = new();

    /// <summary>
    /// Whether only a part of the requests is sent while the cluster as a whole fails: beside the circuit breaker, which leaves single destinations alone.
    /// Default <see langword="null"/>: all are sent.
    /// </summary>
    public AdmissionPolicy? Admission { get; init; }

    // Whether an attempt must leave time for another one.
    internal bool TriesAgain => Retry is { Mode: PolicyMode.Enforce, MaxRetries: > 0 } || Hedging is { Mode: PolicyMode.Enforce };

    // How many requests may be at one destination at once. With HTTP/2 and 3 requests share connections: there the handler counts streams.
    internal int MostInFlightPerDestination => Math.Min(Http.Version.Major == 1 ? Http.MaxConnections : int.MaxValue, Limits.MaxInFlightPerDestination ?? int.MaxValue);
}
