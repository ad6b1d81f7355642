using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>
/// How an API key is written: <c>prefix_id_secret_checksum</c>. The checksum is the CRC-32C of all before it: it finds every change of one character and every swap of two that stand side by side,
/// so that a mistyped key is refused without a question to any store.
/// </summary>
internal static class ApiKeyText
{
    public const string DefaultPrefix = "gk_live";
    public const int IdLength = 8;

    /// <summary>43 characters of 62 are 256 bits.</summary>
    public const int SecretLength = 43;

    public const int ChecksumLength = 6;
    public const int MaxPrefixLength = 32;

    /// <summary>What comes behind the prefix, with the three separators.</summary>
    public const int TailLength = 1 + IdLength + 1 + SecretLength + 1 + ChecksumLength;

    public const int MaxLength = MaxPrefixLength + TailLength;

    public const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private const char Separator = '_';

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);

    /// <summary>Takes a key apart.</summary>
    /// <param name="text">The whole key.</param>
    /// <param name="prefix">What it has to begin with.</param>
    /// <param name="buffer">Room for <see cref="MaxLength"/> bytes, which the secret is written to.</param>
    /// <param name="id">The public part.</param>
    /// <param name="secret">The secret part.</param>
    /// <returns>Whether it is a key.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, ReadOnlySpan<char> prefix, Span<byte> buffer, out ReadOnlySpan<char> id, out ReadOnlySpan<byte> secret)
    {
        id = default;
        secret = default;
        if (text.Length != prefix.Length + TailLength || !text.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var tail = text[prefix.Length..];
        id = tail.Slice(1, IdLength);
        if (tail[0] is not Separator || tail[1 + IdLength] is not Separator || tail[^(ChecksumLength + 1)] is not Separator
            || id.ContainsAnyExcept(Characters)
            || tail.Slice(2 + IdLength, SecretLength).ContainsAnyExcept(Characters)
            || Ascii.FromUtf16(text, buffer, out var written) is not OperationStatus.Done)
        {
            return false;
        }

        var bytes = buffer[..written];
        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(bytes[..^(ChecksumLength + 1)], checksum);
        secret = bytes.Slice(prefix.Length + 2 + IdLength, SecretLength);
        return tail[^ChecksumLength..].SequenceEqual(checksum);
    }

    /// <summary>Puts a key together.</summary>
    public static string Create(string prefix, string id, string secret)
    {
        var covered = $"{prefix}{Separator}{id}{Separator}{secret}";
        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(Encoding.ASCII.GetBytes(covered), checksum);
        return $"{covered}{Separator}{checksum}";
    }

    /// <summary>Whether keys may begin with a text: letters and digits, with single underscores between them.</summary>
    public static bool IsPrefix(ReadOnlySpan<char> prefix)
    {
        if (prefix.IsEmpty || prefix.Length > MaxPrefixLength)
        {
            return false;
        }

        foreach (var word in prefix.Split(Separator))
        {
            if (prefix[word].IsEmpty || prefix[word].ContainsAnyExcept(Characters))
            {
                return false;
            }
        }

        return true;
    }

    private static void WriteChecksum(ReadOnlySpan<byte> covered, Span<char> checksum)
    {
        var value = ~Crc(covered);
        for (var i = ChecksumLength - 1; i >= 0; i--)
        {
            (value, var digit) = Math.DivRem(value, (uint)Alphabet.Length);
            checksum[i] = Alphabet[(int)digit];
        }
    }

    // CRC-32C (RFC 3720 §12.1), of eight bytes at a time where the processor can.
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var one in bytes[(bytes.Length & ~7)..])
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return crc;
    }
}
