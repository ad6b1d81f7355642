using System.Security.Cryptography;
using System.Text;
using GatewayKit.Identity.Signatures;

namespace GatewayKit.Identity.Upstream;

/// <summary>Makes keys of secrets.</summary>
internal static class SigningKeys
{
    private const string Base64 = "base64:";

    // As many as the hash has (RFC 2104 §3).
    private const int LeastBytes = 32;

    /// <returns><see langword="null"/> if the secret is no key that can sign.</returns>
    public static SignatureKey? Create(string secret)
    {
        try
        {
            if (secret.Contains("-----BEGIN", StringComparison.Ordinal))
            {
                var key = SignatureKey.FromPem(secret);

                // A public key cannot.
                key.Sign([]);
                return key;
            }

            var bytes = secret.StartsWith(Base64, StringComparison.Ordinal) ? Convert.FromBase64String(secret[Base64.Length..]) : Encoding.UTF8.GetBytes(secret);
            return bytes.Length < LeastBytes ? null : SignatureKey.Hmac(bytes);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or FormatException)
        {
            return null;
        }
    }
}
