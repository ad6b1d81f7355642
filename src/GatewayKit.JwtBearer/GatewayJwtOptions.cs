using System.ComponentModel.DataAnnotations;

namespace GatewayKit.JwtBearer;

/// <summary>What a scheme of <c>AddGatewayJwtBearer()</c> takes for a token. Everything that is not named is refused.</summary>
public sealed class GatewayJwtOptions : IValidatableObject
{
    private static readonly string[] Asymmetric = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MinLifetime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(7);

    /// <summary>
    /// Who issues the tokens: exactly what is in their <c>iss</c>, such as <c>https://login.example.com/</c>, with its slash if it has one. Its metadata is at
    /// <c>.well-known/openid-configuration</c> below it, unless <see cref="MetadataAddress"/> says otherwise. It has to be <c>https</c>, except on the own machine.
    /// </summary>
    [Required]
    public string Issuer { get; set; } = string.Empty;

    /// <summary>Where the metadata of the issuer is. Default below <see cref="Issuer"/>. Nothing of a token changes it.</summary>
    public string? MetadataAddress { get; set; }

    /// <summary>The names of this gateway, of which one has to be in <c>aud</c>; at least one.</summary>
    public IList<string> Audiences { get; } = [];

    /// <summary>The algorithms that tokens may be signed with, of RS, PS and ES with 256, 384 or 512 bits (RFC 8725 §3.1). Default <c>RS256</c>, <c>PS256</c> and <c>ES256</c> if none is added.</summary>
    public IList<string> Algorithms { get; } = [];

    /// <summary>
    /// What <c>typ</c> of tokens has to be, such as <c>at+jwt</c> for access tokens alone (RFC 9068 §2.1), so that no ID token passes for one; case is ignored, and <c>application/</c> may
    /// stand before it. Default none: any, or none at all.
    /// </summary>
    public IList<string> TokenTypes { get; } = [];

    /// <summary>How far clocks may differ, zero to 60 s. Default 30 s.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a token may be, 256 to 65,536 bytes. Default 8,192.</summary>
    [Range(256, 65_536)]
    public int MaxTokenBytes { get; set; } = 8_192;

    /// <summary>
    /// How long keys of the issuer may be used without having been fetched again, a minute to 7 days. Default 24 hours. Then tokens cannot be checked, and requests are answered 503.
    /// Keys are fetched again after an hour, or this time if it is shorter, and when a token names one that is not known: at most once in 30 s.
    /// </summary>
    public TimeSpan KeyLifetime { get; set; } = TimeSpan.FromHours(24);

    internal IReadOnlyList<string> EffectiveAlgorithms => Algorithms.Count > 0 ? [.. Algorithms] : ["RS256", "PS256", "ES256"];

    internal Uri EffectiveMetadataAddress => new(MetadataAddress ?? $"{Issuer.TrimEnd('/')}/.well-known/openid-configuration");

    internal static bool IsSafe(Uri address) => address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var (name, text) in new[] { (nameof(Issuer), Issuer), (nameof(MetadataAddress), MetadataAddress) })
        {
            if (!string.IsNullOrEmpty(text) && (!Uri.TryCreate(text, UriKind.Absolute, out var address) || !IsSafe(address)))
            {
                yield return new($"{name} is '{text}'; it must be an absolute https address.", [name]);
            }
        }

        if (Audiences.Count == 0 || Audiences.Any(string.IsNullOrWhiteSpace))
        {
            yield return new("Audiences is empty, or an item of it is: any token of the issuer would pass, also those for others (RFC 8725 §3.9). Add the name of this gateway.", [nameof(Audiences)]);
        }

        foreach (var algorithm in Algorithms.Where(static algorithm => !Asymmetric.Contains(algorithm, StringComparer.Ordinal)))
        {
            yield return new($"Algorithms has '{algorithm}', and must have some of {string.Join(", ", Asymmetric)}: who could check others could make tokens, too.", [nameof(Algorithms)]);
        }

        if (ClockSkew < TimeSpan.Zero || ClockSkew > MaxSkew)
        {
            yield return new($"ClockSkew is {ClockSkew:c}; it must be from {TimeSpan.Zero:c} to {MaxSkew:c}.", [nameof(ClockSkew)]);
        }

        if (KeyLifetime < MinLifetime || KeyLifetime > MaxLifetime)
        {
            yield return new($"KeyLifetime is {KeyLifetime:c}; it must be from {MinLifetime:c} to {MaxLifetime:c}.", [nameof(KeyLifetime)]);
        }
    }
}
