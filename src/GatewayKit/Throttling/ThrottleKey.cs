using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>What tells two allowances of one throttle apart: 16 bytes, whatever it was made of.</summary>
internal readonly record struct ThrottleKey(ulong High, ulong Low)
{
    /// <summary>The longest header value that gets an allowance of its own: bounds the time that hashing takes.</summary>
    public const int MaxHeaderLength = 256;

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

    /// <summary>The key of a header value: a keyed hash, so that values are not kept and nobody can compute two that collide.</summary>
    public static ThrottleKey Of(ReadOnlySpan<char> value)
    {
        var (high, low) = SipHash.Process.Hash(value);
        return new(high, low);
    }

    /// <summary>The key of the request's client address; none on a transport without addresses.</summary>
    public static bool TryReadAddress(HttpContext httpContext, out ThrottleKey key)
    {
        var address = httpContext.Connection.RemoteIpAddress;
        key = address is null ? default : Of(address);
        return address is not null;
    }

    /// <summary>The key of a request's header; none without exactly one value of bearable length.</summary>
    public static bool TryReadHeader(HttpContext httpContext, string name, out ThrottleKey key)
    {
        var values = httpContext.Request.Headers[name];
        if (values is not [{ Length: > 0 and <= MaxHeaderLength } value])
        {
            key = default;
            return false;
        }

        key = Of(value);
        return true;
    }

    private static ulong Mix(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }
}
