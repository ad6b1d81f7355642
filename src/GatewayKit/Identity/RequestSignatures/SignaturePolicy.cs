using System.Buffers;
using System.ComponentModel.DataAnnotations;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Signatures;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>
/// Asks for requests that are signed (RFC 9421) with a key of a consumer, <see cref="Consumer.SigningKeys"/>. Without a signature that holds: 401 <c>unauthenticated</c>, whatever is wrong with it; a
/// caller who may not: 403 <c>forbidden</c> or <c>not-subscribed</c>; where a key cannot be looked up, 503 <c>auth-unavailable</c>. Destinations do not see the signature.
/// </summary>
public sealed record SignaturePolicy : ICredentialPolicy, ICredentialTerms, IValidatableObject
{
    // RFC 6749 §3.3.
    private static readonly SearchValues<char> ScopeCharacters =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(static c => (char)c).Where(static c => c is not ('"' or '\\'))]);

    /// <summary>
    /// What a signature has to cover beside the method, the whole target and the digest of the body: fields in lower case. Default nothing. The target is <c>@target-uri</c>, or <c>@authority</c> with
    /// <c>@request-target</c> or with <c>@path</c> and <c>@query</c>.
    /// </summary>
    public IReadOnlyList<string> Components { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The label of the signature that counts. Default none: the first of the request whose key is known.</summary>
    public string? Label { get; init; }

    /// <summary>What the signature has to be for, as its <c>tag</c> says. Default anything.</summary>
    public string? Tag { get; init; }

    /// <summary>How long after it was made a signature counts, 1 s to 1 hour. Default 5 minutes. One that says <c>expires</c> may end before; one without <c>created</c> does not count.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How far the clocks of callers may be off, 0 to 5 minutes. Default 30 s.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether a request that was signed once counts once: of two with the same <c>nonce</c> and key, or without one of all that is signed, the second is refused. Default yes. Each instance of the
    /// gateway remembers what came to it.
    /// </summary>
    public bool RejectReplays { get; init; } = true;

    /// <summary>
    /// How many signatures of one key are remembered at once. More within <see cref="MaxAge"/> are answered 503 <c>auth-unavailable</c>, for nobody could tell whether they came before. Default 100,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxRemembered { get; init; } = 100_000;

    /// <summary>
    /// Whether a body has to be covered, by its <c>Content-Digest</c> or <c>Repr-Digest</c> (RFC 9530). Default yes. A digest that is covered is checked in any case; with no, bodies that stream may
    /// come without.
    /// </summary>
    public bool RequireDigest { get; init; } = true;

    /// <summary>How much of a body is read to check its digest before anybody else sees it; larger ones are answered 413 <c>body-too-large</c>. 0 to 16 MiB. Default 1 MiB.</summary>
    [Range(0, 16_777_216)]
    public int MaxBodyBytes { get; init; } = 1_048_576;

    /// <summary>Whether keys for <see cref="SigningAlgorithm.RsaV15Sha256"/> count. Default no.</summary>
    public bool AllowRsaV15 { get; init; }

    /// <summary>What the consumer has to be granted, all of it; case counts. Default nothing.</summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    CredentialKind ICredentialTerms.Kind => CredentialKind.SigningKey;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var component in Components)
        {
            if (component is not { Length: > 0 } || component[0] is '@' || SignatureComponent.From(new(component)) is null)
            {
                yield return new($"Components has '{component}'; it must be a field in lower case, such as \"content-type\". The method and the target are covered in any case.", [nameof(Components)]);
            }
        }

        foreach (var (name, text) in ((string, string?)[])[(nameof(Label), Label), (nameof(Tag), Tag)])
        {
            if (text is not null && (text.Length is 0 or > 256 || text.AsSpan().ContainsAnyExceptInRange(' ', '~')))
            {
                yield return new($"{name} must be 1 to 256 characters of printable ASCII.", [name]);
            }
        }

        if (MaxAge < TimeSpan.FromSeconds(1) || MaxAge > TimeSpan.FromHours(1))
        {
            yield return new($"MaxAge is {MaxAge:c}; it must be from 00:00:01 to 01:00:00.", [nameof(MaxAge)]);
        }

        if (ClockSkew < TimeSpan.Zero || ClockSkew > TimeSpan.FromMinutes(5))
        {
            yield return new($"ClockSkew is {ClockSkew:c}; it must be from 00:00:00 to 00:05:00.", [nameof(ClockSkew)]);
        }

        foreach (var scope in Scopes)
        {
            if (string.IsNullOrEmpty(scope) || scope.AsSpan().ContainsAnyExcept(ScopeCharacters))
            {
                yield return new($"Scopes has '{scope}'; a scope is of visible ASCII characters without spaces, quotes and backslashes (RFC 6749 §3.3).", [nameof(Scopes)]);
            }
        }
    }
}
