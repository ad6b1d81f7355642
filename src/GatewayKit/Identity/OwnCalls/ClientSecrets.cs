using System.Security.Cryptography;
using GatewayKit.Identity.Signatures;
using GatewayKit.Identity.Upstream;
using GatewayKit.Secrets;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>Looks at the start and on each reload whether a secret of the gateway's is there and of use: its value is in no message.</summary>
internal static class ClientSecrets
{
    /// <summary>Why a secret is of no use, and what to do about it.</summary>
    /// <param name="secrets">Reads it.</param>
    /// <param name="reference">Where it is.</param>
    /// <param name="way">What it is for.</param>
    /// <param name="property">The property that has it.</param>
    /// <returns><see langword="null"/> if it is.</returns>
    public static string? FaultOf(SecretReader secrets, SecretReference reference, ClientAuthentication way, string property) =>
        secrets.Read(reference, out var problem) is not { } value ? $"{property} is {reference}. {problem}"
        : way is ClientAuthentication.PrivateKeyJwt && !CanSign(value)
            ? $"{property}: what is at {reference} is no private key in PEM, of RSA with 2,048 bits or more or of the curves P-256 and P-384."
        : null;

    private static bool CanSign(string pem)
    {
        try
        {
            return SignatureKey.FromPem(pem, usePss: false).Sign([]).Length > 0;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
