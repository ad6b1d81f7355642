using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Certificates;

/// <summary>
/// Asks for a client certificate: of the TLS connection, or of a trusted proxy (RFC 9440). Without one that holds: 401 <c>unauthenticated</c>, whatever is wrong with it; a caller who may not: 403
/// <c>forbidden</c> or <c>not-subscribed</c>; where revocation or a consumer cannot be looked up, 503 <c>auth-unavailable</c>. The server has to ask clients for certificates, and to accept any.
/// </summary>
public sealed record CertificatePolicy : ICredentialPolicy, ICredentialTerms, IValidatableObject
{
    private const int HashLength = 64;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    // RFC 6749 §3.3.
    private static readonly SearchValues<char> ScopeCharacters =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(static c => (char)c).Where(static c => c is not ('"' or '\\'))]);

    /// <summary>
    /// PEM files of the authorities that certificates may come from, from the content root if a path is not rooted: at least one that has signed itself, which is trusted, and those in between, which
    /// clients need not send. They are read at start and on each reload. Default none.
    /// </summary>
    public IReadOnlyList<string> Authorities { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// Certificates that count whoever issued them: the SHA-256 of one in lower-case hexadecimal digits, or <c>spki:</c> and that of its public key, which stays when it is renewed. Default none.
    /// With no <see cref="Authorities"/> either, certificates count that a consumer is registered with by such a hash.
    /// </summary>
    public IReadOnlyList<string> Pins { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// Whether <see cref="Authorities"/> are asked what they have revoked. Default <see cref="X509RevocationMode.NoCheck"/>: few private authorities publish it, and consumers can be suspended here.
    /// What cannot be found out is answered 503 <c>auth-unavailable</c>; what was found out is kept for 5 minutes.
    /// </summary>
    public X509RevocationMode RevocationMode { get; init; }

    /// <summary>
    /// Whether the fields <c>Client-Cert</c> and <c>Client-Cert-Chain</c> (RFC 9440) count when the connection is from one of <see cref="GatewayOptions.TrustedProxies"/>, which then have to remove
    /// those that clients send. The certificate of such a connection is the proxy's own, and does not count. Default no.
    /// </summary>
    public bool AcceptForwarded { get; init; }

    /// <summary>
    /// Whether the caller has to be known: one of <see cref="Consumer.Identities"/> of a consumer. Others are answered 403 <c>forbidden</c>. Default no: those who come from
    /// <see cref="Authorities"/> or are in <see cref="Pins"/> may call.
    /// </summary>
    public bool RequireRegistered { get; init; }

    /// <summary>What the consumer has to be granted, all of it; case counts. Default nothing.</summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    CredentialKind ICredentialTerms.Kind => CredentialKind.Identity;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Authorities.Any(string.IsNullOrWhiteSpace))
        {
            yield return new("Authorities has an empty item. Name a file, or remove it.", [nameof(Authorities)]);
        }

        foreach (var pin in Pins)
        {
            if (pin is null || HashOf(pin) is not { Length: HashLength } hash || hash.AsSpan().ContainsAnyExcept(HexDigits))
            {
                yield return new($"Pins has '{pin}'; a pin is a SHA-256 of {HashLength} hexadecimal digits in lower case, with \"spki:\" in front if it is that of a public key.", [nameof(Pins)]);
            }
        }

        if (RevocationMode is not X509RevocationMode.NoCheck && Authorities.Count == 0)
        {
            yield return new($"RevocationMode is {RevocationMode}, and there are no Authorities that could revoke anything. Name them, or remove it.", [nameof(RevocationMode)]);
        }

        foreach (var scope in Scopes)
        {
            if (string.IsNullOrEmpty(scope) || scope.AsSpan().ContainsAnyExcept(ScopeCharacters))
            {
                yield return new($"Scopes has '{scope}'; a scope is of visible ASCII characters without spaces, quotes and backslashes (RFC 6749 §3.3).", [nameof(Scopes)]);
            }
        }
    }

    private static string HashOf(string pin) => pin.StartsWith(CertificateNames.PublicKey, StringComparison.Ordinal) ? pin[CertificateNames.PublicKey.Length..] : pin;
}
