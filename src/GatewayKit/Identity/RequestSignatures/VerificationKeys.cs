using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Signatures;
using GatewayKit.Identity.Upstream;
using GatewayKit.Secrets;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>The keys of consumers, ready to verify with. They go when what names them does. Safe for concurrent use.</summary>
internal sealed class VerificationKeys(SecretReader secrets, TimeProvider time)
{
    private const int LongestId = 256;

    private readonly ConditionalWeakTable<ConsumerSigningKey, Entry> _known = [];

    // A place that does not answer is one that has nothing to say, for one request.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>The key; <see langword="null"/> if there is no use of it, such as a secret that was never there or takes too long to be read for the first time.</summary>
    public ValueTask<SignatureKey?> GetAsync(ConsumerSigningKey key, CancellationToken cancellationToken = default)
    {
        if (!_known.TryGetValue(key, out var entry))
        {
            entry = _known.GetValue(key, key => key.Secret is { } secret ? new(secrets.Find(secret)) : new(Create(key, out _)));
        }

        return entry.Key is null && entry.FirstRead is { IsCompleted: false } reading ? WaitAsync(entry, reading, cancellationToken) : new(entry.Key);
    }

    private async ValueTask<SignatureKey?> WaitAsync(Entry entry, Task reading, CancellationToken cancellationToken)
    {
        try
        {
            await reading.WaitAsync(LongestWait, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }

        return entry.Key;
    }

    /// <summary>What is wrong with a key, without a word of what is in it; <see langword="null"/> if nothing is.</summary>
    public string? FaultOf(ConsumerSigningKey key)
    {
        if (key.Id is { Length: > LongestId } || (key.Id ?? string.Empty).AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return $"The id of a signing key is of visible ASCII characters, up to {LongestId}.";
        }

        if (key.Algorithm is SigningAlgorithm.HmacSha256)
        {
            return key.Secret is null || key.PublicKey is not null ? "HmacSha256 needs a Secret, which says where it is, and no PublicKey."
                : secrets.Read(key.Secret, out var problem) is not { } value ? $"Secret is {key.Secret}. {problem}"
                : HmacOf(value) is null ? $"What is at {key.Secret} is too short for a secret of HmacSha256: 32 bytes or more, as text or behind \"base64:\"."
                : null;
        }

        if (key.PublicKey is null || key.Secret is not null)
        {
            return $"{key.Algorithm} needs a PublicKey in PEM, and no Secret.";
        }

        return Create(key, out var fault) is null ? fault : null;
    }

    private static SignatureKey? Create(ConsumerSigningKey key, out string? fault)
    {
        // Whoever has it could sign as the consumer.
        if (key.PublicKey?.Contains("PRIVATE KEY", StringComparison.Ordinal) is not false)
        {
            fault = "PublicKey is a private key. Write the public one, and make a new pair: this one is known to whoever reads the configuration.";
            return null;
        }

        try
        {
            var made = SignatureKey.FromPem(key.PublicKey, usePss: key.Algorithm is not SigningAlgorithm.RsaV15Sha256);
            fault = made.Algorithm == NameOf(key.Algorithm) ? null : $"PublicKey is a key for {made.Algorithm}, and Algorithm says {key.Algorithm}.";
            return fault is null ? made : null;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            fault = "PublicKey is no public key in PEM, of the curves P-256 and P-384 or of RSA with 2,048 bits or more: -----BEGIN PUBLIC KEY-----.";
            return null;
        }
    }

    private static SignatureKey? HmacOf(string secret) => SigningKeys.Create(secret) is { Algorithm: "hmac-sha256" } key ? key : null;

    private static string NameOf(SigningAlgorithm algorithm) => algorithm switch
    {
        SigningAlgorithm.HmacSha256 => "hmac-sha256",
        SigningAlgorithm.EcdsaP256Sha256 => "ecdsa-p256-sha256",
        SigningAlgorithm.EcdsaP384Sha384 => "ecdsa-p384-sha384",
        SigningAlgorithm.RsaPssSha512 => "rsa-pss-sha512",
        _ => "rsa-v1_5-sha256",
    };

    private sealed class Entry
    {
        private readonly Secret? _secret;
        private Made _made;

        public Entry(SignatureKey? key) => _made = new(null, key);

        public Entry(Secret secret)
        {
            _secret = secret;
            _made = new(null, null);
        }

        /// <summary>Done once the secret was read; <see langword="null"/> if there is none to be read.</summary>
        public Task? FirstRead => _secret?.FirstRead;

        public SignatureKey? Key
        {
            get
            {
                var made = Volatile.Read(ref _made);
                if (_secret?.Value is { } value && !ReferenceEquals(value, made.Of))
                {
                    made = new(value, HmacOf(value));
                    Volatile.Write(ref _made, made);
                }

                return made.Key;
            }
        }

        private sealed record Made(string? Of, SignatureKey? Key)
        {
            // Not the secret.
            public override string ToString() => nameof(Made);
        }
    }
}
