using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace GatewayKit.Auditing.Journal;

/// <summary>Signs by a key in a file that only its owner reads. The file is made when it is not there, unless the settings name it.</summary>
internal sealed class FileAuditSigner : IAuditSigner, IDisposable
{
    private readonly ECDsa _key;

    private FileAuditSigner(ECDsa key)
    {
        _key = key;
        var publicKey = key.ExportSubjectPublicKeyInfo();
        (PublicKey, KeyId) = (publicKey, Base64Url.EncodeToString(SHA256.HashData(publicKey).AsSpan(0, 12)));
    }

    public string KeyId { get; }

    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Opens the key.</summary>
    /// <param name="path">Its file, as the settings name it.</param>
    /// <param name="folder">The folder of the instance, where it is if they name none.</param>
    /// <param name="files">Makes the file.</param>
    /// <exception cref="IOException">It cannot be read, or it is no such key.</exception>
    public static FileAuditSigner Open(string? path, string folder, IJournalFiles files)
    {
        var file = path ?? Path.Combine(folder, JournalPaths.SigningKey);
        if (path is null && !File.Exists(file))
        {
            Create(file, files);
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(file));
            P256.Demand(key);

            // A public key would be told only by the first checkpoint.
            key.SignData([], HashAlgorithmName.SHA256);
            return new(key);
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new IOException($"'{Path.GetFullPath(file)}' is no private EC key on the curve P-256 in PEM, which the audit journal signs with: {exception.Message}", exception);
        }
    }

    public ReadOnlyMemory<byte> Sign(ReadOnlySpan<byte> content) => _key.SignData(content, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => new(Sign(content.Span));

    public void Dispose() => _key.Dispose();

    private static void Create(string file, IJournalFiles files)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // Whole under its name, or not there: half a key would keep every later start from signing.
        files.Delete(file + JournalPaths.Unfinished);
        Disk.WriteForOwner(file + JournalPaths.Unfinished, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + '\n'));
        files.Move(file + JournalPaths.Unfinished, file);
        files.SyncDirectory(Path.GetDirectoryName(file)!);
    }
}
