namespace GatewayKit.Auditing;

/// <summary>
/// Signs the checkpoints of the audit journal by a key that need not be on this machine, such as one of a key management service. Put one into DI as a singleton to take the place
/// of the key file. Called off the path of requests, by one thread at a time: only a task that
/// was given up after 10 seconds may still run when it is called again. What fails is tried again; a signature that <see cref="PublicKey"/> does not verify has failed.
/// </summary>
public interface IAuditSigner
{
    /// <summary>The id of the key, which checkpoints name: 1 to 64 letters, digits, <c>-</c> and <c>_</c>. Another key has another id.</summary>
    string KeyId { get; }

    /// <summary>The public key: an EC key on the curve P-256, as <c>SubjectPublicKeyInfo</c> in DER (RFC 5480). With any other one the host does not start.</summary>
    ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Signs by ECDSA with SHA-256.</summary>
    /// <param name="content">What to sign, not hashed yet.</param>
    /// <param name="cancellationToken">Cancelled after 10 seconds.</param>
    /// <returns>The signature: r and s, 32 bytes each (IEEE P1363).</returns>
    ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken);
}
