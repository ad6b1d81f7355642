using System.Buffers;
using System.Security.Cryptography;

namespace GatewayKit.Identity.Signatures;

/// <summary>What a body is in a few bytes, for signatures to cover (RFC 9530).</summary>
internal static class ContentDigest
{
    public const string Name = "Content-Digest";

    /// <summary>The value of the field for a body, by SHA-256.</summary>
    public static string Of(ReadOnlySpan<byte> body) => StructuredFieldWriter.Write("sha-256", new(SHA256.HashData(body)));

    /// <summary>
    /// Whether the field is of a body: at least one digest by SHA-256 or SHA-512, and none of these wrong. Others, such as MD5, do not count (RFC 9530 §5).
    /// </summary>
    public static bool Matches(string? field, ReadOnlySpan<byte> body) => Matches(field, new ReadOnlySequence<byte>(body.ToArray()));

    /// <inheritdoc cref="Matches(string?, ReadOnlySpan{byte})"/>
    public static bool Matches(string? field, ReadOnlySequence<byte> body)
    {
        var found = false;
        foreach (var (algorithm, member) in StructuredFieldReader.ReadDictionary(field) ?? [])
        {
            if (algorithm is not ("sha-256" or "sha-512"))
            {
                continue;
            }

            if (member.Value is not byte[] said || !CryptographicOperations.FixedTimeEquals(said, HashOf(body, algorithm is "sha-256" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512)))
            {
                return false;
            }

            found = true;
        }

        return found;
    }

    private static byte[] HashOf(ReadOnlySequence<byte> body, HashAlgorithmName algorithm)
    {
        using var hash = IncrementalHash.CreateHash(algorithm);
        foreach (var segment in body)
        {
            hash.AppendData(segment.Span);
        }

        return hash.GetHashAndReset();
    }
}
