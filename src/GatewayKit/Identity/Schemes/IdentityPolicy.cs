using System.ComponentModel.DataAnnotations;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Schemes;

/// <summary>
/// Finds out who is calling by the host's authentication schemes, such as JwtBearer, Negotiate, certificates or cookies: whatever <c>AddAuthentication()</c> knows. Requests without a
/// credential, and with one that does not hold, are answered 401 <c>unauthenticated</c>; where it cannot be checked, 503 <c>auth-unavailable</c>.
/// </summary>
public sealed record IdentityPolicy : ICredentialPolicy, ICredentialTerms, IValidatableObject
{
    /// <summary>
    /// The names of authentication schemes, any of which may say who calls; case counts. A request whose credentials are of different callers is refused. Of cookies one has to hold if there are any, and
    /// of all else together one: two schemes may read the same field, and nobody can tell which of them a token is for that one takes and the other does not. Default none: the host's default scheme.
    /// </summary>
    public IReadOnlyList<string> Schemes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// What the caller has to be granted, all of it; case counts (RFC 6749 §3.3). A caller who is not is answered 403 <c>forbidden</c>, with the scopes in the challenge if it came with a bearer
    /// token (RFC 6750 §3.1). Default nothing.
    /// </summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The claims that say which consumer calls; the first one that is there counts. Default empty: <see cref="GatewayOptions.ConsumerClaims"/>.</summary>
    public IReadOnlyList<string> ConsumerClaims { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// Whether the caller has to be known: one of <see cref="Consumer.Identities"/> of a consumer. Others are answered 403 <c>forbidden</c>. Default no: the scheme vouches for them.
    /// </summary>
    public bool RequireRegistered { get; init; }

    /// <summary>
    /// Whether a person whose browser opens a page without being signed in is sent to where that is done, as by OpenIdConnect and cookies; other requests are answered 401 in any case.
    /// Default no.
    /// </summary>
    public bool Challenge { get; init; }

    /// <summary>
    /// Whether <c>Authorization</c>, and cookies that sign in, go on to destinations once they are checked. Default no: a destination that has them could act as the caller elsewhere.
    /// </summary>
    public bool ForwardToken { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    CredentialKind ICredentialTerms.Kind => CredentialKind.Identity;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var (name, texts) in new[] { (nameof(Schemes), Schemes), (nameof(Scopes), Scopes), (nameof(ConsumerClaims), ConsumerClaims) })
        {
            if (texts.Any(string.IsNullOrWhiteSpace))
            {
                yield return new($"{name} has an empty item. Remove it.", [name]);
            }

            if (texts.GroupBy(static text => text, StringComparer.Ordinal).FirstOrDefault(static group => group.Skip(1).Any()) is { Key: var twice })
            {
                yield return new($"{name} has '{twice}' twice. Remove one.", [name]);
            }
        }

        if (Scopes.FirstOrDefault(static scope => scope is { Length: > 0 } && scope.Any(static c => c is <= ' ' or '"' or '\\' or > '~')) is { } odd)
        {
            yield return new($"Scopes has '{odd}', which is no scope: printable ASCII without spaces, quotes and backslashes (RFC 6749 §3.3). Write each scope as an item of its own.", [nameof(Scopes)]);
        }
    }
}
