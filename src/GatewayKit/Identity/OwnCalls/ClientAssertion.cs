using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GatewayKit.Identity.Signatures;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>The token by which the gateway proves to an authorization server who it is (RFC 7523 §3): signed with its key, for this server, for a minute.</summary>
internal static class ClientAssertion
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    /// <param name="clientId">The gateway.</param>
    /// <param name="audience">The token endpoint.</param>
    /// <param name="key">The gateway's private key.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="CryptographicException">The key cannot sign.</exception>
    public static string Create(string clientId, Uri audience, SignatureKey key, DateTimeOffset now)
    {
        var algorithm = key.Algorithm switch
        {
            "ecdsa-p256-sha256" => "ES256",
            "ecdsa-p384-sha384" => "ES384",
            _ => "RS256",
        };
        var text = new StringBuilder()
            .Append(Encode(json => json.WriteString("alg", algorithm), json => json.WriteString("typ", "JWT")))
            .Append('.')
            .Append(Encode(
                json => json.WriteString("iss", clientId),
                json => json.WriteString("sub", clientId),
                json => json.WriteString("aud", audience.OriginalString),
                json => json.WriteString("jti", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))),
                json => json.WriteNumber("iat", now.ToUnixTimeSeconds()),
                json => json.WriteNumber("exp", (now + Lifetime).ToUnixTimeSeconds())))
            .ToString();
        return $"{text}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(text)))}";
    }

    private static string Encode(params ReadOnlySpan<Action<Utf8JsonWriter>> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var member in members)
            {
                member(json);
            }

            json.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }
}
