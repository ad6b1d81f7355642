using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// The chain through the lines of one boot: each hash covers the one before it and its own line, so that whoever changes, takes out or moves a line changes every
/// hash behind it. Not thread-safe.
/// </summary>
internal sealed class HashChain
{
    /// <summary>The length of a hash in bytes.</summary>
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>The length of a hash in a line: base64url without padding.</summary>
    public const int TextBytes = 43;

    private static ReadOnlySpan<byte> Schema => "gk.audit/1"u8;

    // The latest hash, and behind it the line whose turn it is: one call of the hash function instead of three.
    private byte[] _text = new byte[HashBytes + 4096];

    /// <param name="last">The hash before the first line: of the line before it, or <see cref="Genesis"/>.</param>
    public HashChain(ReadOnlySpan<byte> last) => last.CopyTo(_text);

    /// <summary>The latest hash.</summary>
    public ReadOnlySpan<byte> Last => _text.AsSpan(0, HashBytes);

    /// <summary>Goes on to the next line.</summary>
    /// <param name="covered">The bytes of the line in front of <c>,"h":</c>.</param>
    /// <returns>The line's hash, until the next call.</returns>
    public ReadOnlySpan<byte> Append(ReadOnlySpan<byte> covered)
    {
        if (_text.Length < HashBytes + covered.Length)
        {
            Array.Resize(ref _text, HashBytes + covered.Length);
        }

        covered.CopyTo(_text.AsSpan(HashBytes));
        SHA256.HashData(_text.AsSpan(0, HashBytes + covered.Length), _text);
        return Last;
    }

    /// <summary>Forgets lines that were not written after all.</summary>
    /// <param name="last">The hash of the line that is the latest again.</param>
    public void GoBackTo(ReadOnlySpan<byte> last) => last.CopyTo(_text);

    /// <summary>What the chain of a boot begins with. Each part has its length in front, so that no two readings of the same bytes exist.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="lastOfBootBefore">The last hash of the instance's boot before this one; empty if this is the first.</param>
    public static byte[] Genesis(string instance, Guid boot, ReadOnlySpan<byte> lastOfBootBefore)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(Schema);
        Add(Encoding.UTF8.GetBytes(instance));
        Add(Encoding.ASCII.GetBytes(boot.ToString("D")));
        Add(lastOfBootBefore);
        return hash.GetHashAndReset();

        void Add(ReadOnlySpan<byte> part)
        {
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
            hash.AppendData(length);
            hash.AppendData(part);
        }
    }

    /// <summary>Writes a hash as it stands in a line.</summary>
    public static void Write(ReadOnlySpan<byte> hash, Span<byte> text) => Base64Url.EncodeToUtf8(hash, text, out _, out _);

    /// <summary>Reads a hash as it stands in a line. There is one spelling only.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, Span<byte> hash)
    {
        if (text.Length != TextBytes || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromUtf8(text, hash, out var length) || length != HashBytes)
        {
            return false;
        }

        // The last character has two bits that no byte needs.
        Span<byte> again = stackalloc byte[TextBytes];
        Write(hash, again);
        return again.SequenceEqual(text);
    }
}
