using System.Security.Cryptography;

namespace GatewayKit.Auditing.Personal;

/// <summary>A key that the personal parts of a subject's records are encrypted with. Immutable; never prints the key.</summary>
public sealed class AuditKey
{
    /// <summary>A key has so many bytes.</summary>
    internal const int KeyBytes = 32;

    private const int IdBytes = 16;
    private const int MostIdCharacters = 64;

    private readonly byte[] _key;

    /// <summary>Takes a key.</summary>
    /// <param name="id">What records name it by: 1 to 64 letters, digits, <c>-</c> and <c>_</c>, which say nothing of whose it is.</param>
    /// <param name="key">32 random bytes.</param>
    /// <exception cref="ArgumentException">The id or the key is none.</exception>
    public AuditKey(string id, ReadOnlySpan<byte> key)
    {
        if (!IsId(id))
        {
            throw new ArgumentException("The id of a key is 1 to 64 letters, digits, '-' and '_'.", nameof(id));
        }

        if (key.Length is not KeyBytes)
        {
            throw new ArgumentException($"A key has {KeyBytes} bytes.", nameof(key));
        }

        (Id, _key) = (id, key.ToArray());
    }

    /// <summary>What records name it by.</summary>
    public string Id { get; }

    /// <summary>The key, 32 bytes.</summary>
    public ReadOnlySpan<byte> Key => _key;

    /// <summary>Makes a new one.</summary>
    public static AuditKey Create()
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        RandomNumberGenerator.Fill(key);
        return new(RandomNumberGenerator.GetHexString(2 * IdBytes, lowercase: true), key);
    }

    /// <inheritdoc/>
    public override string ToString() => Id;

    internal static bool IsId(string? id) => id is { Length: >= 1 and <= MostIdCharacters } && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
