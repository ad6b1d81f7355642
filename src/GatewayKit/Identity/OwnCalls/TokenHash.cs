using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>SHA-256 of a caller's token, or of a question in which it is one part: what is kept goes by it, so that no token is in memory for longer than its request.</summary>
internal readonly record struct TokenHash(ulong A, ulong B, ulong C, ulong D)
{
    private const int OnStack = 1_024;

    /// <param name="token">The token, in ASCII.</param>
    public static TokenHash Of(ReadOnlySpan<char> token)
    {
        var rented = token.Length > OnStack ? ArrayPool<byte>.Shared.Rent(token.Length) : null;
        var bytes = rented ?? stackalloc byte[OnStack];
        var written = bytes[..Encoding.ASCII.GetBytes(token, bytes)];
        var hash = OfBytes(written);
        CryptographicOperations.ZeroMemory(written);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }

    public static TokenHash OfBytes(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return MemoryMarshal.Read<TokenHash>(hash);
    }
}
