using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace GatewayKit.JwtBearer;

/// <summary>The keys that an issuer publishes: its metadata says where (OpenID Connect Discovery §4).</summary>
internal sealed class IssuerDocument(GatewayJwtOptions options, Func<HttpClient> client)
{
    private const int MinRsaBits = 2_048;

    /// <summary>Fetches the keys that tokens may be signed with.</summary>
    /// <exception cref="Exception">They cannot be had: a failure of the network, a document that is none or of another issuer.</exception>
    public async Task<IReadOnlyList<SecurityKey>> FetchAsync(CancellationToken cancellationToken)
    {
        using var http = client();
        using var metadata = JsonDocument.Parse(await http.GetStringAsync(options.EffectiveMetadataAddress, cancellationToken).ConfigureAwait(false));

        // A document of somebody else would bring somebody else's keys (OpenID Connect Discovery §4.3).
        if (StringOf(metadata, "issuer") is var issuer && issuer != options.Issuer)
        {
            throw new InvalidDataException($"The metadata at {options.EffectiveMetadataAddress} is of another issuer than '{options.Issuer}'.");
        }

        if (!Uri.TryCreate(StringOf(metadata, "jwks_uri"), UriKind.Absolute, out var address) || !GatewayJwtOptions.IsSafe(address))
        {
            throw new InvalidDataException($"The metadata at {options.EffectiveMetadataAddress} names no https address of keys.");
        }

        var keys = new JsonWebKeySet(await http.GetStringAsync(address, cancellationToken).ConfigureAwait(false));
        SecurityKey[] usable = [.. keys.Keys.Where(IsUsable)];
        return usable.Length > 0 ? usable : throw new InvalidDataException($"There is no key at {address} that tokens of {string.Join(", ", options.EffectiveAlgorithms)} can be signed with.");
    }

    // Keys to encrypt with, shared secrets and short ones sign no token.
    private static bool IsUsable(JsonWebKey key) =>
        key.Use is null or "" or "sig" && !key.HasPrivateKey
        && (key.Kty == JsonWebAlgorithmsKeyTypes.EllipticCurve || (key.Kty == JsonWebAlgorithmsKeyTypes.RSA && key.KeySize >= MinRsaBits));

    private static string? StringOf(JsonDocument document, string name) =>
        document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
