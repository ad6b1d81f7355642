using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Clusters.Discovery;

/// <summary>Where the destinations of a cluster are found, besides those that it lists. Immutable, with value equality.</summary>
public sealed record ClusterDiscovery
{
    /// <summary>Who finds them: <c>Dns</c>, or a name that <c>AddDestinationSource</c> registered; case is ignored.</summary>
    [Required]
    public required string Source { get; init; }

    /// <summary>What the source is asked for. For <c>Dns</c> an address with a host name, such as <c>http://orders.internal:8080</c>.</summary>
    [Required]
    public required string Name { get; init; }

    /// <summary>
    /// How long after an answer the source is asked again, 1 second to 1 day, give or take a tenth; infinite to ask only when the source
    /// says that something changed. Default 30 s. After a failure it is asked sooner: 1 s, 2 s, 4 s … up to this, and 30 s at most.
    /// </summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long what was found last serves once the source fails or finds nothing, 0 to 1 day, or infinite. Default 5 min; 0 takes an empty
    /// answer at its word.
    /// </summary>
    public TimeSpan KeepLastGood { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the start, or a reload that brings the cluster, waits for the first answer, more than 0, at most 5 minutes. Default 5 s.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether the start, or the reload, fails when there is no first answer in that time. Default no: requests are answered 503 until
    /// there is one.
    /// </summary>
    public bool Required { get; init; }

    /// <summary>Which of the addresses that were found count. Default <see cref="AddressFamilies.All"/>.</summary>
    public AddressFamilies Addresses { get; init; } = AddressFamilies.All;
}

/// <summary>A choice of IP addresses. A name with an A and an AAAA record is two destinations, also if they are one machine.</summary>
public enum AddressFamilies
{
    /// <summary>Every address.</summary>
    All,

    /// <summary>Only IPv4 addresses, and host names.</summary>
    IPv4,

    /// <summary>Only IPv6 addresses, and host names.</summary>
    IPv6,
}
