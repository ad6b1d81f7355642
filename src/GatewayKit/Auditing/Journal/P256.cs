using System.Security.Cryptography;

namespace GatewayKit.Auditing.Journal;

/// <summary>The curve that checkpoints are signed on. There are others of the same size.</summary>
internal static class P256
{
    /// <summary>Takes a public key.</summary>
    /// <param name="publicKey">It, as <c>SubjectPublicKeyInfo</c> in DER.</param>
    /// <exception cref="CryptographicException">It is none on this curve.</exception>
    public static ECDsa Import(ReadOnlySpan<byte> publicKey)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(publicKey, out _);
            Demand(key);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <exception cref="CryptographicException">The key is on another curve.</exception>
    public static void Demand(ECDsa key)
    {
        var curve = key.ExportParameters(includePrivateParameters: false).Curve;
        if (!curve.IsNamed || curve.Oid is not ({ Value: "1.2.840.10045.3.1.7" } or { FriendlyName: "nistP256" or "ECDSA_P256" }))
        {
            throw new CryptographicException("It is on another curve.");
        }
    }
}
