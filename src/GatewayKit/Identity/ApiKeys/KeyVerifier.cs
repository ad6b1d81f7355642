using System.Buffers.Binary;
using System.Security.Cryptography;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>
/// Compares the secret of a key with what is kept of it. All that is wrong takes the same steps: an id that nobody has, another secret, a key that was revoked or has expired.
/// </summary>
/// <remarks>
/// SHA-256 takes several times as long as all the rest (ApiKeyBenchmarks). So of a secret that was right once and may be used, this process keeps a code of 128 bits under a key that it drew at
/// random and that nobody else knows (SipHash-2-4, made for that): whoever has the code as well is let through. For others the code is worth nothing, and it is not kept anywhere else.
/// </remarks>
internal sealed class KeyVerifier
{
    private readonly SipHash _codes;

    public KeyVerifier()
    {
        Span<byte> key = stackalloc byte[2 * sizeof(ulong)];
        RandomNumberGenerator.Fill(key);
        _codes = new(BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[sizeof(ulong)..]));
    }

    /// <param name="credential">What the id belongs to, if it is somebody.</param>
    /// <param name="secret">The secret of the request.</param>
    /// <param name="now">The time.</param>
    public KeyVerdict Verify(KnownCredential credential, ReadOnlySpan<byte> secret, DateTimeOffset now)
    {
        var (high, low) = _codes.Hash(secret);
        var proof = credential.Proof as Proof ?? Proof.None;
        var isLive = credential.IsActive & !(credential.ExpiresAt <= now);
        if ((((high ^ proof.High) | (low ^ proof.Low)) == 0) & isLive)
        {
            return KeyVerdict.Right;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(secret, hash);
        var isRight = CryptographicOperations.FixedTimeEquals(hash, credential.SecretHash);
        if (isRight & isLive)
        {
            credential.Proof = new Proof(high, low);
            return KeyVerdict.Right;
        }

        // Read, not found out by steps of which some have fewer.
        return Verdicts[((int)credential.Standing * 2) + (isRight ? 1 : 0)];
    }

    // By standing, with a wrong secret and with the right one.
    private static ReadOnlySpan<KeyVerdict> Verdicts =>
    [
        KeyVerdict.WrongSecret, KeyVerdict.Expired,
        KeyVerdict.Unknown, KeyVerdict.Unknown,
        KeyVerdict.WrongSecret, KeyVerdict.Revoked,
        KeyVerdict.WrongSecret, KeyVerdict.Suspended,
    ];

    private sealed record Proof(ulong High, ulong Low)
    {
        public static Proof None { get; } = new(0, 0);
    }
}

/// <summary>What is wrong with a key, for metrics and logs. Clients are not told.</summary>
internal enum KeyVerdict : byte
{
    Right,
    Malformed,
    Unknown,
    WrongSecret,
    Expired,
    Revoked,
    Suspended,
}
