using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Upstream;

/// <summary>
/// What the gateway shows a destination to be let in, in one of four ways. A request for which there is none is refused with
/// <c>auth-unavailable</c>: closed, whatever fails. Tokens and secrets are in no log, metric, problem, exception, dump or writing of the configuration.
/// </summary>
public sealed record UpstreamCredentialsPolicy : IGuardPolicy, IValidatableObject
{
    /// <summary>A token of the gateway's own (RFC 6749 §4.4).</summary>
    [ValidateObjectMembers]
    public ClientCredentials? ClientCredentials { get; init; }

    /// <summary>A token in exchange for the caller's (RFC 8693).</summary>
    [ValidateObjectMembers]
    public TokenExchange? TokenExchange { get; init; }

    /// <summary>A secret that does not change by itself.</summary>
    [ValidateObjectMembers]
    public StaticCredential? Static { get; init; }

    /// <summary>
    /// Whether the caller's <c>Authorization</c> goes on to the destination, which then can do all that the caller may do anywhere. Without it, one that the gateway itself
    /// has checked stays at the gateway. Default no.
    /// </summary>
    public bool Relay { get; init; }

    /// <summary>How requests are signed, alone or beside one of these ways. Default not at all.</summary>
    [ValidateObjectMembers]
    public RequestSigning? Sign { get; init; }

    /// <summary>In <see cref="PolicyMode.Shadow"/> nothing is fetched and nothing sent. Default <see cref="PolicyMode.Enforce"/>.</summary>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;

    GuardPlace IGuardPolicy.Guard => GuardPlace.Credentials;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        var ways = new[]
        {
            ClientCredentials is null ? null : nameof(ClientCredentials), TokenExchange is null ? null : nameof(TokenExchange), Static is null ? null : nameof(Static), Relay ? nameof(Relay) : null,
        }.OfType<string>().ToArray();
        if (Mode is not PolicyMode.Off && (ways.Length > 1 || (ways.Length == 0 && Sign is null)))
        {
            yield return new(ways.Length == 0
                ? "It says no way to get a credential. Say one of ClientCredentials, TokenExchange, Static, Relay and Sign."
                : $"It says several ways to get a credential: {string.Join(" and ", ways)}. Keep one of them.");
        }
    }
}
