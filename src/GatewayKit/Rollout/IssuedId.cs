using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace GatewayKit.Rollout;

/// <summary>The id that a caller without one is given: 128 random bits in base64url.</summary>
internal static class IssuedId
{
    private const int Bytes = 16;
    private const int Length = 22;

    private static readonly SearchValues<char> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static string Create()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Whether a text has the form of one. What has not is no key, so that nobody has the gateway hash a long one.</summary>
    public static bool Is(ReadOnlySpan<char> text) => text.Length == Length && !text.ContainsAnyExcept(Characters);
}
