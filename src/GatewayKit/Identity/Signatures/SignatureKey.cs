using System.Security.Cryptography;
using Microsoft.Extensions.ObjectPool;

namespace GatewayKit.Identity.Signatures;

/// <summary>
/// A key with the one algorithm that it is used with: a signature never chooses it (RFC 9421 §7.3.6). Safe for concurrent use. Ed25519 is missing because .NET
/// has none. Never tells its content.
/// </summary>
internal abstract class SignatureKey
{
    // 128 bits.
    private const int LeastSecretBytes = 16;

    private protected SignatureKey(string algorithm) => Algorithm = algorithm;

    /// <summary>The name of the algorithm (RFC 9421 §6.2.2), such as <c>hmac-sha256</c>.</summary>
    public string Algorithm { get; }

    /// <exception cref="CryptographicException">The key cannot sign.</exception>
    public abstract byte[] Sign(ReadOnlySpan<byte> text);

    /// <summary>Whether a signature is of this key. Of any length, and in constant time where the key is a secret.</summary>
    public abstract bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature);

    public override string ToString() => Algorithm;

    /// <summary><c>hmac-sha256</c>.</summary>
    /// <param name="secret">At least 16 bytes: fewer could be found out by trying.</param>
    /// <exception cref="ArgumentException"><paramref name="secret"/> is shorter.</exception>
    public static SignatureKey Hmac(byte[] secret) => secret.Length < LeastSecretBytes
        ? throw new ArgumentException($"A secret has {LeastSecretBytes} bytes or more, not {secret.Length}.", nameof(secret))
        : new HmacKey(secret);

    /// <summary>A key in PEM: of the curves P-256 and P-384, or of RSA, private to sign and public to verify.</summary>
    /// <param name="pem">The key.</param>
    /// <param name="usePss">Whether RSA signs by <c>rsa-pss-sha512</c>, else by <c>rsa-v1_5-sha256</c>.</param>
    /// <exception cref="ArgumentException">It is no key, or one of another kind.</exception>
    /// <exception cref="CryptographicException">It is damaged.</exception>
    public static SignatureKey FromPem(string pem, bool usePss = true)
    {
        try
        {
            return new EcdsaKey(pem);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return new RsaKey(pem, usePss);
        }
    }

    private sealed class HmacKey(byte[] secret) : SignatureKey("hmac-sha256")
    {
        public override byte[] Sign(ReadOnlySpan<byte> text) => HMACSHA256.HashData(secret, text);

        public override bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) => CryptographicOperations.FixedTimeEquals(Sign(text), signature);
    }

    // Instances of the framework's algorithms are not for several threads at once.
    private abstract class PooledKey<TKey>(string algorithm, Func<TKey> create) : SignatureKey(algorithm)
        where TKey : class
    {
        private readonly ObjectPool<TKey> _keys = new DefaultObjectPool<TKey>(new Policy(create));

        public sealed override byte[] Sign(ReadOnlySpan<byte> text)
        {
            var key = _keys.Get();
            try
            {
                return Sign(key, text);
            }
            finally
            {
                _keys.Return(key);
            }
        }

        public sealed override bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
        {
            var key = _keys.Get();
            try
            {
                return Verify(key, text, signature);
            }
            finally
            {
                _keys.Return(key);
            }
        }

        protected abstract byte[] Sign(TKey key, ReadOnlySpan<byte> text);

        protected abstract bool Verify(TKey key, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature);

        private sealed class Policy(Func<TKey> create) : PooledObjectPolicy<TKey>
        {
            public override TKey Create() => create();

            public override bool Return(TKey obj) => true;
        }
    }

    private static TKey Import<TKey>(TKey key, string pem)
        where TKey : AsymmetricAlgorithm
    {
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private sealed class EcdsaKey(string pem) : PooledKey<ECDsa>(AlgorithmOf(pem), () => Create(pem))
    {
        private HashAlgorithmName Hash => Algorithm is "ecdsa-p384-sha384" ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

        protected override byte[] Sign(ECDsa key, ReadOnlySpan<byte> text) => key.SignData(text, Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

        protected override bool Verify(ECDsa key, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
            key.VerifyData(text, signature, Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

        private static ECDsa Create(string pem) => Import(ECDsa.Create(), pem);

        private static string AlgorithmOf(string pem)
        {
            using var key = Create(pem);
            return key.KeySize switch
            {
                256 => "ecdsa-p256-sha256",
                384 => "ecdsa-p384-sha384",
                var size => throw new ArgumentException($"Keys of curves have 256 or 384 bits here, not {size}.", nameof(pem)),
            };
        }
    }

    private sealed class RsaKey : PooledKey<RSA>
    {
        private readonly bool _usesPss;

        public RsaKey(string pem, bool usePss)
            : base(usePss ? "rsa-pss-sha512" : "rsa-v1_5-sha256", () => Create(pem))
        {
            _usesPss = usePss;
            using var key = Create(pem);
            if (key.KeySize < 2_048)
            {
                throw new ArgumentException($"Keys of RSA have 2,048 bits or more, not {key.KeySize}.", nameof(pem));
            }
        }

        protected override byte[] Sign(RSA key, ReadOnlySpan<byte> text) =>
            key.SignData(text, _usesPss ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256, _usesPss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);

        protected override bool Verify(RSA key, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
            key.VerifyData(text, signature, _usesPss ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256, _usesPss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);

        private static RSA Create(string pem) => Import(RSA.Create(), pem);
    }
}
