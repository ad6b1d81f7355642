using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// Makes the keys of a quota: HMAC-SHA-256 with the store's secret, of which 128 bits are kept. Unlike the keys of throttles they mean the same after a restart, and outside of this process.
/// </summary>
internal sealed class QuotaPartitionKeys
{
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
        if (_partition.Parts.Length == 0)
        {
            key = QuotaKey.Whole(_quota);
            return true;
        }

        Span<byte> buffer = stackalloc byte[_partition.MaxBytes];
        if (!_partition.TryWrite(httpContext, buffer, out var length))
        {
            key = QuotaKey.Anonymous(_quota);
            return false;
        }

        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, buffer[..length], hash);
        key = new(_quota, BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]));
        return true;
    }
}
