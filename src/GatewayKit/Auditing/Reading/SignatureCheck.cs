using System.Security.Cryptography;

namespace GatewayKit.Auditing.Reading;

/// <summary>Verifies the signatures of checkpoints. Not thread-safe.</summary>
/// <param name="keys">The keys that count.</param>
internal sealed class SignatureCheck(AuditKeys keys) : IDisposable
{
    private readonly Dictionary<(string Instance, string KeyId), ECDsa?> _open = [];

    /// <summary>Whether a signature is right; <see langword="null"/> if the instance has no such key.</summary>
    public bool? Verify(string instance, string keyId, ReadOnlySpan<byte> covered, ReadOnlySpan<byte> signature)
    {
        if (!_open.TryGetValue((instance, keyId), out var key))
        {
            _open[(instance, keyId)] = key = keys.Open(instance, keyId);
        }

        return key?.VerifyData(covered, signature, HashAlgorithmName.SHA256);
    }

    public void Dispose()
    {
        foreach (var key in _open.Values)
        {
            key?.Dispose();
        }
    }
}
