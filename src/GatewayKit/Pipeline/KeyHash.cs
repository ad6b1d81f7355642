using System.Net;

namespace GatewayKit.Pipeline;

/// <summary>Where a key falls among 10,000 buckets, alike on all instances and after all restarts, and another for each salt.</summary>
internal sealed class KeyHash
{
    /// <summary>How many buckets there are: a hundred to the percent.</summary>
    public const int Buckets = 10_000;

    private readonly SipHash _hash;

    public KeyHash(string salt)
    {
        // Ids ignore case, and so must what is made of them.
        var (high, low) = SipHash.Common.Hash(salt.ToUpperInvariant());
        _hash = new(high, low);
    }

    public ulong Of(ReadOnlySpan<char> key) => _hash.Hash(key).Low;

    public ulong Of(ReadOnlySpan<byte> key) => _hash.Hash(key).Low;

    public ulong Of(IPAddress address) => _hash.Hash(PeerAddress.WriteClient(address, stackalloc byte[16])).Low;

    /// <summary>The bucket of a hash: its place in the range of all hashes, so that every bucket is equally likely.</summary>
    public static int BucketOf(ulong hash) => (int)Math.BigMul(hash, (ulong)Buckets, out _);

    /// <summary>How many buckets a percentage is.</summary>
    public static int BucketsOf(double percent) => (int)Math.Round(percent * (Buckets / 100), MidpointRounding.AwayFromZero);
}
