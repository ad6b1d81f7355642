using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>Makes the keys of a shared rate, the same in all instances: SHA-256, of which 128 bits are kept. A store that others can read hashes them once more, with its secret.</summary>
internal sealed class RateKeys
{
    private readonly ThrottlePartition _partition;
    private readonly ulong _rate;

    /// <param name="identity">What is limited where and how fast.</param>
    /// <param name="partition">What shares one allowance.</param>
    public RateKeys(string identity, ThrottlePartition partition)
    {
        _partition = partition;
        _rate = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
    }

    /// <summary>The key of one that all requests share.</summary>
    /// <param name="number">Which one.</param>
    public RateKey Fixed(ulong number) => new(_rate, 0, number);

    /// <summary>The key of a request that has everything to tell it apart by.</summary>
    public RateKey Of(HttpContext httpContext)
    {
        Span<byte> buffer = stackalloc byte[_partition.MaxBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _partition.TryWrite(httpContext, buffer, out var length);
        SHA256.HashData(buffer[..length], hash);
        return new(_rate, BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]));
    }
}
