using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Clusters;

/// <summary>One address of a cluster.</summary>
public sealed record Destination
{
    /// <summary>An absolute <c>http</c> or <c>https</c> address without user, query and fragment; a path is put in front of the request's.</summary>
    [Required]
    public required Uri Address { get; init; }

    /// <summary>The <c>Host</c> to send and the name to expect in its certificate. Default: the authority of <see cref="Address"/>.</summary>
    public string? Host { get; init; }

    /// <summary>Its share of the traffic relative to the other destinations, 0 to 1,000; 0 takes none. Default 1.</summary>
    [Range(0, 1_000)]
    public int Weight { get; init; } = 1;

    /// <summary>
    /// Which tier it belongs to, 0 to 99: the lowest is used first. A tier passes on what it can no longer bear once less than 5 of 7 of its
    /// destinations are available. Default 0.
    /// </summary>
    [Range(0, 99)]
    public int Priority { get; init; }

    /// <summary>Where it is, such as <c>eu-west-1a</c>: compared with <see cref="GatewayOptions.Zone"/>; case is ignored. Default unknown.</summary>
    public string? Zone { get; init; }
}
