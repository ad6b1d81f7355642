using System.Buffers;
using System.ComponentModel.DataAnnotations;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>
/// Asks for an API key of a consumer. Without one that holds: 401 <c>unauthenticated</c>, whatever is wrong with it; a key that may not: 403 <c>forbidden</c> or <c>not-subscribed</c>; a store
/// that is away: 503 <c>auth-unavailable</c>. Destinations do not see the key.
/// </summary>
public sealed record ApiKeyPolicy : ICredentialPolicy, ICredentialTerms, ICredentialPlaces, IValidatableObject
{
    private const string DefaultHeader = "X-Api-Key";

    // Of the message, of the connection, or of others who would read it.
    private static readonly string[] Reserved =
    [
        "Accept", "Connection", "Content-Length", "Content-Type", "Cookie", "Expect", "Forwarded", "Host", "Keep-Alive", "Origin", "Proxy-Authorization", "Proxy-Connection", "Range", "Referer", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "Via",
    ];

    // RFC 6749 §3.3.
    private static readonly SearchValues<char> ScopeCharacters =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(static c => (char)c).Where(static c => c is not ('"' or '\\'))]);

    // Those that are written as they are (RFC 3986 §2.3).
    private static readonly SearchValues<char> PlainCharacters = SearchValues.Create(ApiKeyText.Alphabet + "-._~");

    /// <summary>What the key has to be granted, all of it; case counts. Default nothing.</summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The header that the key is in. Default <c>X-Api-Key</c>. In <c>Authorization</c> it is written <c>Bearer</c> and the key, and what does not begin as keys do is left to others.</summary>
    public string Header { get; init; } = DefaultHeader;

    /// <summary>
    /// A parameter of the query that the key may be in too; case is ignored. Default none: what stands in an address is written down by proxies, browsers and logs in front of the gateway. Handlers
    /// and destinations do not see it.
    /// </summary>
    public string? QueryParameter { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    CredentialKind ICredentialTerms.Kind => CredentialKind.ApiKey;

    IEnumerable<string> ICredentialPlaces.CredentialFields => [Header];

    IEnumerable<string> ICredentialPlaces.CredentialQueryKeys => QueryParameter is { } key ? [key] : [];

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var scope in Scopes)
        {
            if (string.IsNullOrEmpty(scope) || scope.AsSpan().ContainsAnyExcept(ScopeCharacters))
            {
                yield return new($"Scopes has '{scope}'; a scope is of visible ASCII characters without spaces, quotes and backslashes (RFC 6749 §3.3).", [nameof(Scopes)]);
            }
        }

        if (!HttpToken.Is(Header))
        {
            yield return new($"Header is '{Header}'; it must be the name of a header, such as \"{DefaultHeader}\".", [nameof(Header)]);
        }
        else if (Reserved.Contains(Header, StringComparer.OrdinalIgnoreCase))
        {
            yield return new($"Header is '{Header}', which has another purpose. Use \"{DefaultHeader}\", \"Authorization\" or a name of your own.", [nameof(Header)]);
        }

        if (QueryParameter is not null && (QueryParameter.Length == 0 || QueryParameter.AsSpan().ContainsAnyExcept(PlainCharacters)))
        {
            yield return new($"QueryParameter is '{QueryParameter}'; it must be of letters, digits, hyphens, dots and underscores.", [nameof(QueryParameter)]);
        }
    }
}

[Microsoft.Extensions.Options.OptionsValidator]
internal sealed partial class ApiKeyPolicyValidator : Microsoft.Extensions.Options.IValidateOptions<ApiKeyPolicy>;
