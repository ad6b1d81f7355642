using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace GatewayKit.Auditing.Personal;

/// <summary>
/// Makes pseudonyms of one epoch: <c>epoch.</c> and the first 128 bits, in base64url, of HMAC-SHA256 over tenant, type and value, each with its length in bytes in front (4 bytes, big endian), so that no two
/// triples are the same text. The same value has the same pseudonym for as long as the key is in use. Safe for concurrent use.
/// </summary>
/// <param name="epoch">The name of the epoch.</param>
/// <param name="key">The key. Values of which there are few, such as addresses, are protected by nothing but its secrecy.</param>
internal sealed class PseudonymKey(string epoch, byte[] key)
{
    /// <summary>A key has at least so many bytes: as many as the hash (RFC 2104 §3).</summary>
    public const int LeastKeyBytes = 32;

    private const int PseudonymBytes = 16;
    private const int TextBytes = 22;
    private const int LengthBytes = 4;
    private const int MostOnStack = 512;

    /// <summary>The name of the epoch.</summary>
    public string Epoch => epoch;

    /// <summary>Makes a pseudonym.</summary>
    /// <param name="type">What the value is, such as <c>sub</c>: the same text as another thing has another pseudonym.</param>
    /// <param name="value">The value.</param>
    /// <param name="tenant">Whose value it is; the gateway itself has one tenant, whose name is empty.</param>
    public string Make(string type, ReadOnlySpan<char> value, string tenant = "")
    {
        var most = (3 * LengthBytes) + Encoding.UTF8.GetMaxByteCount(tenant.Length) + Encoding.UTF8.GetMaxByteCount(type.Length) + Encoding.UTF8.GetMaxByteCount(value.Length);
        var message = most <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[most];
        var length = Write(message, 0, tenant);
        length = Write(message, length, type);
        length = Write(message, length, value);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message[..length], hash);
        Span<char> text = stackalloc char[TextBytes];
        Base64Url.EncodeToChars(hash[..PseudonymBytes], text);
        return $"{epoch}.{text}";
    }

    /// <summary>Whether a name looks like a pseudonym of some epoch.</summary>
    public static bool IsPseudonym(ReadOnlySpan<byte> name) =>
        name.Length > TextBytes + 1 && name.Length <= PersonalDataOptions.MostEpochCharacters + 1 + TextBytes && name[^(TextBytes + 1)] is (byte)'.' && Base64Url.IsValid(name[^TextBytes..]);

    private static int Write(Span<byte> message, int at, ReadOnlySpan<char> text)
    {
        var length = Encoding.UTF8.GetBytes(text, message[(at + LengthBytes)..]);
        BinaryPrimitives.WriteInt32BigEndian(message[at..], length);
        return at + LengthBytes + length;
    }
}
