using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Rollout;

/// <summary>
/// Sends a copy of requests to another cluster, whose answers nobody gets. The copy cannot delay, fail or change the exchange it is made of: it is dropped when
/// anything stands in its way, and it never waits. Works on gateway routes, and on endpoints of the host to compare them with what they replace.
/// </summary>
public sealed record MirrorPolicy : IGuardPolicy, INamesClusters, IValidatableObject
{
    private static readonly string[] Safe = ["GET", "HEAD"];
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(1);

    /// <summary>The id of the cluster that gets the copies; case is ignored.</summary>
    [Required]
    public required string Cluster { get; init; }

    /// <summary>Percent of the requests, or of the keys, 0 to 100. Default 0.</summary>
    [Range(0d, 100d)]
    public double Percent { get; init; }

    /// <summary>
    /// What <see cref="Percent"/> is of. Default <see cref="RolloutKey.None"/>: each request is drawn by itself. A mirror issues no cookies; without
    /// a key a request is drawn.
    /// </summary>
    public RolloutKey Key { get; init; } = RolloutKey.None;

    /// <summary>The methods of requests that are copied, in capitals. Default GET and HEAD. A copy of any other may do twice what should be done once.</summary>
    public IReadOnlyList<string> Methods { get; init => field = ValueList<string>.From(value); } = ValueList<string>.From(Safe);

    /// <summary>
    /// The largest body that is copied, 0 to 65,536 bytes. Default 0: requests with a body are not. A copy with a body is sent when the body has been
    /// read for the request itself.
    /// </summary>
    [Range(0, 65_536)]
    public int MaxBodyBytes { get; init; }

    /// <summary>Whether cookies, <c>Authorization</c>, API keys and client certificates in header fields go along. Default no.</summary>
    public bool KeepCredentials { get; init; }

    /// <summary>Further header fields that do not go along. Default none.</summary>
    public IReadOnlyList<string> RemoveHeaders { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The <c>Host</c> of the copies. Default: as the cluster says.</summary>
    public string? Host { get; init; }

    /// <summary>What is put behind the name in <c>Host</c>, such as <c>-shadow</c>. Default nothing.</summary>
    public string? HostSuffix { get; init; }

    /// <summary>How long a copy may take, its answer included: 1 ms to 1 minute. Default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many copies of one route may be on their way or waiting to be compared, 1 to 1,000. Default 32. More are dropped.</summary>
    [Range(1, 1_000)]
    public int MaxInFlight { get; init; } = 32;

    /// <summary>How the answers are compared. Default <see langword="null"/>: they are not.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public MirrorComparison? Compare { get; init; }
#pragma warning restore SYSLIB1212

    /// <summary>Default <see cref="PolicyMode.Enforce"/>. In <see cref="PolicyMode.Shadow"/> copies are counted and not sent.</summary>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    // Innermost: what a request is refused for is not worth a copy.
    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;

    GuardPlace IGuardPolicy.Guard => GuardPlace.Mirror;

    IEnumerable<(string Property, string Cluster)> INamesClusters.Clusters => [(nameof(Cluster), Cluster)];

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Methods.Count == 0)
        {
            yield return new("No method is copied. Name some, such as \"GET\", or leave it out.", [nameof(Methods)]);
        }

        foreach (var method in Methods.Where(static method => !HttpToken.Is(method) || method.Any(char.IsAsciiLetterLower)))
        {
            yield return new($"'{method}' is not a method in capitals, such as \"GET\".", [nameof(Methods)]);
        }

        foreach (var name in RemoveHeaders.Where(static name => !HttpToken.Is(name)))
        {
            yield return new($"'{name}' is not a header name.", [nameof(RemoveHeaders)]);
        }

        if (Timeout < TimeSpan.FromMilliseconds(1) || Timeout > LongestTimeout)
        {
            yield return new($"Timeout is {Timeout:c}; it must be from 00:00:00.001 to {LongestTimeout:c}.", [nameof(Timeout)]);
        }

        if (Host is { } host && !RequestHost.IsHost(host))
        {
            yield return new($"'{host}' is not a host, with or without a port.", [nameof(Host)]);
        }

        if (HostSuffix is { } suffix && (suffix.Contains(':') || !RequestHost.IsHost($"a{suffix}")))
        {
            yield return new($"'{suffix}' cannot stand behind a host name. Write letters, digits, '-' and '.', as in \"-shadow\".", [nameof(HostSuffix)]);
        }
    }
}
