using System.ComponentModel.DataAnnotations;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Identity.Upstream;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;

namespace GatewayKit.Identity.Introspection;

/// <summary>
/// Finds out who is calling by a bearer token that an authorization server is asked about (RFC 7662), as is needed of tokens that say nothing by themselves, or that can be revoked. Without a token
/// that is active: 401 <c>unauthenticated</c>; a caller who may not: 403 <c>forbidden</c> or <c>not-subscribed</c>; a server that cannot be asked: 503 <c>auth-unavailable</c>, never let through.
/// The token is taken from <c>Authorization</c> alone, and destinations do not see it.
/// </summary>
public sealed record IntrospectionPolicy : ICredentialPolicy, ICredentialTerms, IValidatableObject
{
    private const int MaxNameLength = 64;

    private static readonly TimeSpan LongestKept = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What the server is called here, up to 64 letters, digits, dots, hyphens and underscores: the caller <c>acme</c> of it is <c>introspection/NAME/acme</c> in
    /// <see cref="Consumer.Identities"/>. Servers that share a name share their callers.
    /// </summary>
    public required string Name { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>The introspection endpoint of the server (RFC 7662 §2): an absolute <c>https</c> address without a fragment; <c>http</c> on the loopback.</summary>
    public required Uri Endpoint { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>The name that the gateway has there.</summary>
    public required string ClientId { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>Where the gateway's secret is; for <see cref="ClientAuthentication.PrivateKeyJwt"/>, its private key in PEM.</summary>
    public required SecretReference ClientSecret { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>How the gateway proves who it is. Default <see cref="ClientAuthentication.Basic"/>.</summary>
    public ClientAuthentication ClientAuthentication { get; init; }

    /// <summary>The names of this gateway, of which one has to be in <c>aud</c>; case counts. At least one, unless <see cref="AllowAnyAudience"/> says that the server does not tell.</summary>
    public IReadOnlyList<string> Audiences { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Whether tokens count whoever they are for: whoever gets one for another service could call this one with it. For servers that do not answer <c>aud</c>. Default no.</summary>
    public bool AllowAnyAudience { get; init; }

    /// <summary>What <c>iss</c> has to be, exactly. Default: it is not looked at, as it is the server itself that answers.</summary>
    public string? Issuer { get; init; }

    /// <summary>What the token has to be granted, all of it; case counts (RFC 6749 §3.3). A caller who is not is answered 403 <c>forbidden</c>, with the scopes in the challenge (RFC 6750 §3.1). Default nothing.</summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The members of the answer that say which consumer calls; the first one that is there counts. Default empty: <see cref="GatewayOptions.ConsumerClaims"/>.</summary>
    public IReadOnlyList<string> ConsumerClaims { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Whether the caller has to be known: one of <see cref="Consumer.Identities"/> of a consumer. Others are answered 403 <c>forbidden</c>. Default no: the server vouches for them.</summary>
    public bool RequireRegistered { get; init; }

    /// <summary>Whether <c>Authorization</c> goes on to destinations once the token is checked. Default no: a destination that has it could act as the caller elsewhere.</summary>
    public bool ForwardToken { get; init; }

    /// <summary>
    /// How long an answer counts, 0 to 60 s, and never longer than the token: so long may a token be used that was revoked meanwhile. Answers that a token does not hold count a third as long, at most
    /// 10 s. Default 30 s; 0 asks about each request.
    /// </summary>
    public TimeSpan CacheFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many tokens that hold are kept, 100 to 1,000,000, and as many that do not. Those that were not used lately go first. They are known by their SHA-256 alone. Default 10,000.</summary>
    [Range(100, 1_000_000)]
    public int MaxTokens { get; init; } = 10_000;

    /// <summary>How far clocks may differ where the answer says when the token begins and ends, zero to 60 s. Default 30 s.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the server may take in all, 100 ms to 1 minute. Default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the endpoint may be <c>http</c> elsewhere than on the loopback, so that anyone on the way reads secrets and tokens, and answers in place of the server. Default no.</summary>
    public bool AllowHttp { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    CredentialKind ICredentialTerms.Kind => CredentialKind.Identity;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    /// <summary>What an answer depends on: endpoints that differ in the rest ask once for both.</summary>
    internal IntrospectionPolicy ToTerms() => this with { Scopes = ValueList<string>.Empty, RequireRegistered = false, ForwardToken = false, Mode = PolicyMode.Enforce, EnforcePercent = 100 };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Name.Length is 0 or > MaxNameLength || !Name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            yield return new($"Name is '{Name}'; it must be up to {MaxNameLength} letters, digits, dots, hyphens and underscores.", [nameof(Name)]);
        }

        if (OwnCallAddress.Check(Endpoint, nameof(Endpoint), "https://login.example.com/oauth2/introspect", AllowHttp) is { } fault)
        {
            yield return fault;
        }

        if (ClientId.Length == 0)
        {
            yield return new("ClientId is empty. Give it a value.", [nameof(ClientId)]);
        }

        if (Audiences.Count == 0 != AllowAnyAudience)
        {
            yield return new(
                AllowAnyAudience ? "AllowAnyAudience is true beside Audiences. Keep one of them."
                : "Audiences is empty: any active token would pass, also those for others (RFC 8725 §3.9). Add the name of this gateway; AllowAnyAudience accepts the risk.",
                [nameof(Audiences)]);
        }

        if (Issuer is { Length: 0 })
        {
            yield return new("Issuer is empty. Give it a value, or remove it.", [nameof(Issuer)]);
        }

        foreach (var (name, texts) in new[] { (nameof(Audiences), Audiences), (nameof(Scopes), Scopes), (nameof(ConsumerClaims), ConsumerClaims) })
        {
            if (texts.Any(string.IsNullOrWhiteSpace))
            {
                yield return new($"{name} has an empty item. Remove it.", [name]);
            }
        }

        if (Scopes.FirstOrDefault(static scope => scope is { Length: > 0 } && scope.Any(static c => c is <= ' ' or '"' or '\\' or > '~')) is { } odd)
        {
            yield return new($"Scopes has '{odd}', which is no scope: printable ASCII without spaces, quotes and backslashes (RFC 6749 §3.3). Write each scope as an item of its own.", [nameof(Scopes)]);
        }

        if (CacheFor < TimeSpan.Zero || CacheFor > LongestKept)
        {
            yield return new($"CacheFor is {CacheFor:c}; it must be from {TimeSpan.Zero:c} to {LongestKept:c}.", [nameof(CacheFor)]);
        }

        if (ClockSkew < TimeSpan.Zero || ClockSkew > MaxSkew)
        {
            yield return new($"ClockSkew is {ClockSkew:c}; it must be from {TimeSpan.Zero:c} to {MaxSkew:c}.", [nameof(ClockSkew)]);
        }

        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(1))
        {
            yield return new($"Timeout is {Timeout:c}; it must be from 00:00:00.1000000 to 00:01:00.", [nameof(Timeout)]);
        }
    }
}
