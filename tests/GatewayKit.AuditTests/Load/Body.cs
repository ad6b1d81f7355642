using System.Security.Cryptography;

namespace GatewayKit.AuditTests.Load;

/// <summary>Bodies that differ from request to request, out of one block of noise.</summary>
internal static class Body
{
    public const int Largest = 64 * 1024;

    private static readonly byte[] Noise = Make();

    public static ReadOnlyMemory<byte> Of(string id, int length) => Noise.AsMemory((int)((uint)string.GetHashCode(id, StringComparison.Ordinal) % 4_096), length);

    public static string DigestOf(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return Convert.ToHexStringLower(hash[..8]);
    }

    private static byte[] Make()
    {
        var noise = new byte[Largest + 4_096];
        new Random(7).NextBytes(noise);
        return noise;
    }
}
