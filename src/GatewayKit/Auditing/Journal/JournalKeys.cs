using System.Security.Cryptography;
using System.Text;

namespace GatewayKit.Auditing.Journal;

/// <summary>The public keys of an instance, which whoever verifies its journal needs, as long as there is anything signed by them.</summary>
internal static class JournalKeys
{
    /// <summary>Puts a key beside the journal.</summary>
    /// <param name="signer">What has the key.</param>
    /// <param name="folder">The folder of the instance.</param>
    /// <param name="files">The files.</param>
    /// <exception cref="IOException">It is no such key, another key is there by its id, or there is no room.</exception>
    public static void Publish(IAuditSigner signer, string folder, IJournalFiles files)
    {
        if (JournalPaths.FaultOfInstance(signer.KeyId) is { } fault)
        {
            throw new IOException($"The id of the key that signs the audit journal {fault}.");
        }

        try
        {
            P256.Import(signer.PublicKey.Span).Dispose();
        }
        catch (CryptographicException exception)
        {
            throw new IOException($"The key '{signer.KeyId}' that signs the audit journal has no public key on the curve P-256 (SubjectPublicKeyInfo in DER): {exception.Message}", exception);
        }

        var pem = PemEncoding.WriteString("PUBLIC KEY", signer.PublicKey.Span) + "\n";
        var directory = Path.Combine(folder, JournalPaths.PublicKeys);
        var path = Path.Combine(directory, signer.KeyId + ".pem");
        files.CreateDirectory(directory);
        if (File.Exists(path))
        {
            if (File.ReadAllText(path) != pem)
            {
                throw new IOException($"'{Path.GetFullPath(path)}' is another key than the one that signs the audit journal now by the same id. Give a new key a new id.");
            }

            return;
        }

        files.WriteWhole(path, Encoding.ASCII.GetBytes(pem));
    }
}
