using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.WebSockets;

/// <summary>
/// Which WebSockets an endpoint takes. Without this policy it takes those that come from pages of the same host, or from no page, for as long
/// as they like.
/// </summary>
public sealed record WebSocketPolicy : IGatewayPolicy, IValidatableObject
{
    // Timers take milliseconds in an int.
    private static readonly TimeSpan LongestDuration = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>Whether it takes any. Default yes. Requests that ask for one are else answered 403.</summary>
    public bool Allow { get; init; } = true;

    /// <summary>
    /// The origins (RFC 6454 §7) whose pages may open a WebSocket here besides those of the request's own host: <c>https://app.example.com</c>, with a
    /// port if it is not the usual one; <c>https://*.example.com</c> for every name below; <c>*</c> for all. Default none. Others are
    /// answered 403. A request without <c>Origin</c> comes from no browser and passes.
    /// </summary>
    public IReadOnlyList<string> Origins { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>How many may be open at once on each route or endpoint, 1 to 1,000,000. Default: as many as the host allows. More are answered 503.</summary>
    [Range(1, 1_000_000)]
    public int? MaxConnections { get; init; }

    /// <summary>
    /// How long one may last: then both sides are sent a Close with status 1001, and are cut if they do not answer. Up to 24 days. Default
    /// <see cref="Timeout.InfiniteTimeSpan"/>. On gateway routes only.
    /// </summary>
    public TimeSpan MaxDuration { get; init; } = Timeout.InfiniteTimeSpan;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/> with places of its own. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public WebSocketPolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    // An origin is known before identity.
    GatewayStage IGatewayPolicy.Stage => GatewayStage.Admit;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var origin in Origins.Where(static origin => origin != "*" && !IsOrigin(origin)))
        {
            yield return new($"'{origin}' is not an origin such as \"https://app.example.com\", \"https://*.example.com\" or \"*\".", [nameof(Origins)]);
        }

        if (MaxDuration != Timeout.InfiniteTimeSpan && (MaxDuration <= TimeSpan.Zero || MaxDuration > LongestDuration))
        {
            yield return new($"MaxDuration is {MaxDuration:c}; it must be more than zero and at most {LongestDuration:c}, or \"Infinite\".", [nameof(MaxDuration)]);
        }
    }

    private static bool IsOrigin(string text) => WebOrigin.TryParse(text, out var origin) && origin.Host.LastIndexOf('*') <= 0
        && (origin.Host[0] != '*' || origin.Host.StartsWith("*.", StringComparison.Ordinal));
}
