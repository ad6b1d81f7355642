using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Rollout;

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

    /// <summary>IPv4 whole, also when mapped into IPv6 (RFC 4291 §2.5.5.2), and IPv6 by its /64.</summary>
    public ulong Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return _hash.Hash(
            address.AddressFamily is AddressFamily.InterNetwork ? bytes[..length]
            : address.IsIPv4MappedToIPv6 ? bytes[12..]
            : bytes[..8]).Low;
    }

    /// <summary>The bucket of a hash: its place in the range of all hashes, so that every bucket is equally likely.</summary>
    public static int BucketOf(ulong hash) => (int)Math.BigMul(hash, (ulong)Buckets, out _);

    /// <summary>How many buckets a percentage is.</summary>
    public static int BucketsOf(double percent) => (int)Math.Round(percent * (Buckets / 100), MidpointRounding.AwayFromZero);
}
