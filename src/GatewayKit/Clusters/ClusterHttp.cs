using System.ComponentModel.DataAnnotations;
using System.Net;

namespace GatewayKit.Clusters;

/// <summary>Protocol and connections towards the destinations of a cluster.</summary>
public sealed record ClusterHttp
{
    /// <summary>The HTTP version to ask for: 1.1, 2.0 or 3.0. Default 1.1.</summary>
    public Version Version { get; init; } = HttpVersion.Version11;

    /// <summary>What to do when that version is not to be had. Default <see cref="HttpVersionPolicy.RequestVersionOrLower"/>.</summary>
    public HttpVersionPolicy VersionPolicy { get; init; } = HttpVersionPolicy.RequestVersionOrLower;

    /// <summary>
    /// The HTTP version to ask for a WebSocket in: 1.1 (upgrade, RFC 6455) or 2.0 (extended CONNECT, RFC 8441). Default 1.1, whatever
    /// <see cref="Version"/> says: few servers of HTTP/2 know WebSockets.
    /// </summary>
    public Version WebSocketVersion { get; init; } = System.Net.HttpVersion.Version11;

    /// <summary>
    /// What to do when a destination does not take WebSockets over HTTP/2: <see cref="HttpVersionPolicy.RequestVersionOrLower"/>, the default, asks
    /// once more over HTTP/1.1; <see cref="HttpVersionPolicy.RequestVersionExact"/> fails with 502.
    /// </summary>
    public HttpVersionPolicy WebSocketVersionPolicy { get; init; } = HttpVersionPolicy.RequestVersionOrLower;

    /// <summary>Connections per destination at most, 1 to 1,000,000. Default 1,024.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; init; } = 1_024;

    /// <summary>How long a connection is used before names are looked up again (E10). Default 3 min.</summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long an unused connection is kept. Default 55 s, below the usual 60 s of servers.</summary>
    public TimeSpan ConnectionIdle { get; init; } = TimeSpan.FromSeconds(55);

    /// <summary>The head of an answer at most, in bytes, 1 KiB to 16 MiB. Default 64 KiB.</summary>
    [Range(1_024, 16_777_216)]
    public int MaxResponseHeadBytes { get; init; } = 65_536;

    /// <summary>Whether further HTTP/2 connections are opened when the streams of one are used up. Default yes.</summary>
    public bool MultipleHttp2Connections { get; init; } = true;

    /// <summary>
    /// Networks that no destination may be in, whatever its name resolves to: checked whenever a connection is made, and answered 502. Default:
    /// link-local addresses and those at which clouds hand out credentials, <c>169.254.0.0/16</c>, <c>fe80::/10</c>, <c>fd00:ec2::254/128</c>,
    /// <c>100.100.100.200/32</c> and <c>168.63.129.16/32</c>. A list of one's own takes the place of these. Not checked for HTTP/3.
    /// </summary>
    public IReadOnlyList<IPNetwork> DeniedNetworks { get; init => field = ValueList<IPNetwork>.From(value); } = Clusters.DeniedNetworks.Default;

    /// <summary>
    /// A client of <c>IHttpClientFactory</c> whose handlers requests go through, such as those of <c>AddResilienceHandler</c>. Retries and
    /// hedging of the gateway must be off then. Upper and lower case differ. Default: none.
    /// </summary>
    public string? Client { get; init; }
}
