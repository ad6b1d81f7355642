using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace GatewayKit.Clusters.Affinity;

/// <summary>
/// The texts that stand for destinations: protected, so that a client can neither read one nor make one up. There is one for each destination, not one
/// for each session: what is known of them stays small, and a request costs a look-up in place of a decryption (AffinityBenchmarks). Safe for concurrent
/// use.
/// </summary>
internal sealed class SessionTokens(IDataProtectionProvider protection, string clusterId, TimeProvider time)
{
    // Other instances issue texts of their own, and keys change: more than this many means that something is odd.
    private const int MostKnown = 1_024;
    private const int LongestText = 512;

    // A key that was revoked is obeyed within this time.
    private static readonly TimeSpan Renewal = TimeSpan.FromHours(1);

    private readonly IDataProtector _protector = protection.CreateProtector("GatewayKit.Affinity", clusterId.ToUpperInvariant());
    private volatile Known _known = new(time.GetTimestamp());

    /// <summary>The text for a destination.</summary>
    public string Of(ulong identity) => Current.Texts.GetOrAdd(
        identity,
        static (identity, tokens) =>
        {
            var bytes = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, identity);
            return Base64Url.EncodeToString(tokens._protector.Protect(bytes));
        },
        this);

    /// <summary>Reads a text.</summary>
    /// <returns>Whether this gateway, or another one with the same keys, issued it for this cluster.</returns>
    public bool TryRead(ReadOnlySpan<char> text, out ulong identity)
    {
        var known = Current;
        if (known.BySpan.TryGetValue(text, out identity))
        {
            return true;
        }

        if (!TryUnprotect(text, out identity))
        {
            return false;
        }

        // Only what is genuine is kept: made-up ones cannot push it out.
        if (known.Identities.Count >= MostKnown)
        {
            known.Identities.Clear();
        }

        known.Identities[text.ToString()] = identity;
        return true;
    }

    private Known Current
    {
        get
        {
            var known = _known;
            return time.GetElapsedTime(known.Since) < Renewal ? known : _known = new(time.GetTimestamp());
        }
    }

    private bool TryUnprotect(ReadOnlySpan<char> text, out ulong identity)
    {
        identity = 0;
        if (text.Length is 0 or > LongestText || !Base64Url.IsValid(text))
        {
            return false;
        }

        try
        {
            return BinaryPrimitives.TryReadUInt64BigEndian(_protector.Unprotect(Base64Url.DecodeFromChars(text)), out identity);
        }
        catch (CryptographicException)
        {
            // Made up, of another cluster, or of keys that are gone.
            return false;
        }
    }

    private sealed class Known
    {
        public Known(long since)
        {
            Since = since;
            BySpan = Identities.GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public long Since { get; }

        public ConcurrentDictionary<ulong, string> Texts { get; } = new();

        public ConcurrentDictionary<string, ulong> Identities { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<string, ulong>.AlternateLookup<ReadOnlySpan<char>> BySpan { get; }
    }
}
