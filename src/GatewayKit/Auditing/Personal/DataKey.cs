using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace GatewayKit.Auditing.Personal;

/// <summary>
/// What the personal parts of one subject are encrypted with during one boot: AES-256-GCM by a key that HKDF-SHA256 derives from the subject's and the boot's id. A nonce is a number that the boot gives once. Thread-safe.
/// </summary>
internal sealed class DataKey : IDisposable
{
    public const int NonceBytes = 12;
    public const int TagBytes = 16;

    /// <summary>By how much what is encrypted is longer.</summary>
    public const int AddedBytes = NonceBytes + TagBytes;

    private readonly Lock _lock = new();
    private readonly AesGcm _cipher;
    private volatile bool _isErased;

    public DataKey(AuditKey key, Guid boot)
    {
        Id = Encoding.ASCII.GetBytes(key.Id);
        Span<byte> salt = stackalloc byte[16];
        boot.TryWriteBytes(salt, bigEndian: true, out _);
        Span<byte> derived = stackalloc byte[AuditKey.KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Key, derived, salt, "gk.audit/1 personal"u8);
        _cipher = new(derived, TagBytes);
        CryptographicOperations.ZeroMemory(derived);
    }

    /// <summary>The id of the subject's key.</summary>
    public byte[] Id { get; }

    /// <summary>When it is asked for again while it stays in use, as a timestamp.</summary>
    public long DueAt { get; set; }

    /// <summary>When it is in use no longer unless it was asked for again, as a timestamp.</summary>
    public long EndsAt { get; set; }

    /// <summary>Whether nothing is encrypted with it any more.</summary>
    public bool IsErased => _isErased;

    /// <summary>Encrypts.</summary>
    /// <param name="plain">What.</param>
    /// <param name="context">What it belongs to: it can be decrypted there only.</param>
    /// <param name="number">A number that the boot has given to nobody else.</param>
    /// <param name="sealed">Room for it and <see cref="AddedBytes"/>: nonce, ciphertext, tag.</param>
    /// <returns>Whether the key was still there.</returns>
    public bool TrySeal(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context, long number, Span<byte> @sealed)
    {
        var nonce = @sealed[..NonceBytes];
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce[4..], number);
        lock (_lock)
        {
            if (_isErased)
            {
                return false;
            }

            _cipher.Encrypt(nonce, plain, @sealed.Slice(NonceBytes, plain.Length), @sealed.Slice(NonceBytes + plain.Length, TagBytes), context);
            return true;
        }
    }

    /// <summary>Decrypts.</summary>
    /// <exception cref="AuthenticationTagMismatchException">It is not what was encrypted, or belongs elsewhere.</exception>
    public byte[] Open(ReadOnlySpan<byte> @sealed, ReadOnlySpan<byte> context)
    {
        var plain = new byte[@sealed.Length - AddedBytes];
        _cipher.Decrypt(@sealed[..NonceBytes], @sealed.Slice(NonceBytes, plain.Length), @sealed[^TagBytes..], plain, context);
        return plain;
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isErased = true;
            _cipher.Dispose();
        }
    }
}
