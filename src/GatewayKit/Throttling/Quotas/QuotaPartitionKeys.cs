using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// Makes the keys of a quota: HMAC-SHA-256 with the store's secret, of which 128 bits are kept. Unlike the keys of throttles they mean the same after a restart, and outside of this process.
/// </summary>
internal sealed class QuotaPartitionKeys
{
    private const byte AddressKind = 1;
    private const byte HeaderKind = 2;

    private readonly ThrottlePartition _partition;
    private readonly ulong _quota;

    /// <param name="identity">What is counted where, in a form that stays the same over restarts.</param>
    /// <param name="partition">What shares one count.</param>
    public QuotaPartitionKeys(string identity, ThrottlePartition partition)
    {
        _partition = partition;
        _quota = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
    }

    /// <summary>The key of a request.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="secret">The secret of the store that is asked.</param>
    /// <param name="key">The key.</param>
    /// <returns>Whether there was something to tell it apart by.</returns>
    public bool TryRead(HttpContext httpContext, ReadOnlySpan<byte> secret, out QuotaKey key)
    {
        if (_partition == ThrottlePartition.Route || _partition == ThrottlePartition.Constant)
        {
            key = QuotaKey.Whole(_quota);
            return true;
        }

        if (_partition.HeaderName is { } name)
        {
            return httpContext.Request.Headers[name] is [{ Length: > 0 and <= ThrottleKey.MaxHeaderLength } value] ? Hash(secret, HeaderKind, MemoryMarshal.AsBytes(value.AsSpan()), out key) : None(out key);
        }

        return httpContext.Connection.RemoteIpAddress is { } address ? Hash(secret, AddressKind, PeerAddress.WriteClient(address, stackalloc byte[16]), out key) : None(out key);
    }

    private bool None(out QuotaKey key)
    {
        key = QuotaKey.Anonymous(_quota);
        return false;
    }

    private bool Hash(ReadOnlySpan<byte> secret, byte kind, ReadOnlySpan<byte> value, out QuotaKey key)
    {
        Span<byte> input = stackalloc byte[1 + value.Length];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        input[0] = kind;
        value.CopyTo(input[1..]);
        HMACSHA256.HashData(secret, input, hash);
        key = new(_quota, BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]));
        return true;
    }
}
