using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>What tells two allowances of one throttle apart: 16 bytes, whatever it was made of.</summary>
internal readonly record struct ThrottleKey(ulong High, ulong Low)
{
    // The low half of address keys: the two families never meet.
    private const ulong IPv4 = 4;
    private const ulong IPv6 = 6;

    private static readonly ulong Secret = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>
    /// Where a table keeps it: spreads keys evenly. The secret keeps callers from choosing keys that crowd one place. Two keys in one place do
    /// not become one, so that a fast mix is enough here.
    /// </summary>
    public ulong Place => Mix(Mix(High ^ Secret, 0x9E3779B97F4A7C15) ^ Low, 0xD6E8FEB86659FD93 ^ Secret);

    /// <summary>The key of an address: IPv4 whole, IPv6 as its /64 without zone, IPv4-mapped IPv6 as IPv4 (RFC 4291 §2.5.5.2).</summary>
    public static ThrottleKey Of(IPAddress address)
    {
        var client = PeerAddress.WriteClient(address, stackalloc byte[16]);
        return client.Length is 4 ? new(BinaryPrimitives.ReadUInt32BigEndian(client), IPv4) : new(BinaryPrimitives.ReadUInt64BigEndian(client), IPv6);
    }

    /// <summary>The key of a text, such as the value of a header: a keyed hash, so that values are not kept and nobody can compute two that collide.</summary>
    public static ThrottleKey Of(ReadOnlySpan<char> value)
    {
        var (high, low) = SipHash.Process.Hash(value);
        return new(high, low);
    }

    /// <summary>The key of a request; none if something is missing that tells it apart.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="partition">What tells requests apart: one thing at least.</param>
    /// <param name="key">The key.</param>
    public static bool TryRead(HttpContext httpContext, ThrottlePartition partition, out ThrottleKey key)
    {
        key = default;
        switch (partition.Parts)
        {
            case [{ Kind: PartitionKind.ClientAddress }]:
                var address = httpContext.Connection.RemoteIpAddress;
                key = address is null ? default : Of(address);
                return address is not null;
            case [var text]:
                var isThere = text.TryReadText(httpContext, out var value);
                key = isThere ? Of(value) : default;
                return isThere;
            default:
                return TryReadParts(httpContext, partition, ref key);
        }
    }

    private static bool TryReadParts(HttpContext httpContext, ThrottlePartition partition, ref ThrottleKey key)
    {
        Span<byte> buffer = stackalloc byte[partition.MaxBytes];
        if (!partition.TryWrite(httpContext, buffer, out var length))
        {
            return false;
        }

        var (high, low) = SipHash.Process.Hash(buffer[..length]);
        key = new(high, low);
        return true;
    }

    private static ulong Mix(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }
}
