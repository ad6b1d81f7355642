using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>
/// An API key, such as <c>gk_live_4gKb09Zx_…_…</c>: a public id, a secret of 256 bits and a checksum. It is shown once, when it is made; what is kept is <see cref="ToStored"/>. Immutable.
/// </summary>
public sealed class ApiKey
{
    private readonly string _text;

    private ApiKey(string id, string hash, string text) => (Id, Hash, _text) = (id, hash, text);

    /// <summary>The public part: what logs and records call it.</summary>
    public string Id { get; }

    /// <summary>SHA-256 of the secret part, in base64url: what is kept of it.</summary>
    public string Hash { get; }

    /// <summary>Makes a key from random numbers that cannot be foretold.</summary>
    /// <param name="prefix">What it begins with, as <see cref="ApiKeyOptions.Prefix"/> says: it tells people and scanners of leaked secrets what they have found. Default <c>gk_live</c>.</param>
    /// <exception cref="ArgumentException">The prefix is not of letters and digits with single underscores between them, up to 32 characters.</exception>
    public static ApiKey Create(string prefix = ApiKeyText.DefaultPrefix)
    {
        if (!ApiKeyText.IsPrefix(prefix))
        {
            throw new ArgumentException("A prefix is up to 32 letters and digits, with single underscores between them.", nameof(prefix));
        }

        var id = RandomNumberGenerator.GetString(ApiKeyText.Alphabet, ApiKeyText.IdLength);
        var secret = RandomNumberGenerator.GetString(ApiKeyText.Alphabet, ApiKeyText.SecretLength);
        return new(id, HashOf(Encoding.ASCII.GetBytes(secret)), ApiKeyText.Create(prefix, id, secret));
    }

    /// <summary>Takes a key apart. Whether anybody has it is another question.</summary>
    /// <param name="text">The whole key.</param>
    /// <param name="key">The key.</param>
    /// <param name="prefix">What it has to begin with. Default <c>gk_live</c>.</param>
    /// <returns>Whether it is written as keys are, and its checksum is right.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out ApiKey? key, string prefix = ApiKeyText.DefaultPrefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        Span<byte> buffer = stackalloc byte[ApiKeyText.MaxLength];
        key = ApiKeyText.IsPrefix(prefix) && ApiKeyText.TryRead(text, prefix, buffer, out var id, out var secret)
            ? new(id.ToString(), HashOf(secret), text.ToString())
            : null;
        CryptographicOperations.ZeroMemory(buffer);
        return key is not null;
    }

    /// <summary>The whole key, with its secret: for the one who gets it, and for nobody else.</summary>
    public string Reveal() => _text;

    /// <summary>What is kept of it, in the configuration or a store. Scopes, limits and an end are added with <c>with { … }</c>.</summary>
    public ConsumerKey ToStored() => new() { Id = Id, Hash = Hash };

    /// <summary>The key without its secret.</summary>
    public override string ToString() => $"{_text.AsSpan(0, _text.Length - ApiKeyText.TailLength)}_{Id}_***";

    private static string HashOf(ReadOnlySpan<byte> secret)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(secret, hash);
        return Base64Url.EncodeToString(hash);
    }
}
