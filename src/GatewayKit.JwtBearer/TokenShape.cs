using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace GatewayKit.JwtBearer;

/// <summary>The parts of a token that are read before anything of it is believed (RFC 8725 §3). Whatever two readers could read differently is refused.</summary>
/// <param name="Algorithm">How it is signed.</param>
/// <param name="KeyId">With which key; <see langword="null"/> if it does not say.</param>
internal sealed record TokenShape(string Algorithm, string? KeyId)
{
    private const int MaxKeyIdLength = 256;

    private static readonly SearchValues<char> Base64UrlCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    private static readonly JsonDocumentOptions Json = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    // Keys that a token brings along, or says where to fetch, are whatever its maker likes (RFC 8725 §3.5, §3.10). Others change what is signed (RFC 7797, RFC 7516 §4.1.3).
    private static readonly string[] Refused = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc", "epk", "cty"];

    /// <summary>Reads a token.</summary>
    /// <param name="token">The token.</param>
    /// <param name="options">What is taken.</param>
    /// <param name="shape">What it says of itself.</param>
    /// <returns>What is wrong with it; <see langword="null"/> if nothing is.</returns>
    public static string? Read(string token, GatewayJwtOptions options, out TokenShape? shape)
    {
        shape = null;
        if (token.Length > options.MaxTokenBytes)
        {
            return "The token is too long.";
        }

        // Three parts are signed; five are encrypted, and what is in them nobody but the reader has seen.
        Span<Range> parts = stackalloc Range[4];
        var text = token.AsSpan();
        if (text.Split(parts, '.') != 3 || !IsCanonical(text[parts[0]]) || !IsCanonical(text[parts[1]]) || !IsCanonical(text[parts[2]]))
        {
            return "The token is not three parts of base64url.";
        }

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(text[parts[0]]), Json);
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(text[parts[1]]), Json);
            return FaultOf(header.RootElement, options, out shape) ?? FaultOf(claims.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return "The token is not made of JSON objects with members that differ.";
        }
    }

    private static string? FaultOf(JsonElement header, GatewayJwtOptions options, out TokenShape? shape)
    {
        shape = null;
        if (header.ValueKind is not JsonValueKind.Object || !TryGetText(header, "alg", out var algorithm) || algorithm is null || !options.EffectiveAlgorithms.Contains(algorithm, StringComparer.Ordinal))
        {
            return "The algorithm of the token is none of those that are taken.";
        }

        foreach (var name in Refused)
        {
            if (header.TryGetProperty(name, out _))
            {
                return "The token asks for something that is never done.";
            }
        }

        if (!TryGetText(header, "kid", out var id) || id is { Length: 0 or > MaxKeyIdLength })
        {
            return "The id of the token's key is not a short text.";
        }

        if (!TryGetText(header, "typ", out var type) || (options.TokenTypes.Count > 0 && !options.TokenTypes.Any(taken => IsType(type, taken))))
        {
            return "The type of the token is none of those that are taken.";
        }

        shape = new(algorithm, id);
        return null;
    }

    private static string? FaultOf(JsonElement claims) =>
        claims.ValueKind is not JsonValueKind.Object ? "The claims of the token are no object."
        : !IsDate(claims, "exp", isRequired: true) || !IsDate(claims, "nbf", isRequired: false) || !IsDate(claims, "iat", isRequired: false) ? "The token has no date of expiry, or a date that is none."
        : !TryGetText(claims, "iss", out var issuer) || issuer is null ? "The token has no issuer."
        : null;

    // Whether it is absent or a text.
    private static bool TryGetText(JsonElement element, string name, out string? text)
    {
        text = null;
        if (!element.TryGetProperty(name, out var value))
        {
            return true;
        }

        text = value.ValueKind is JsonValueKind.String ? value.GetString() : null;
        return text is not null;
    }

    private static bool IsDate(JsonElement claims, string name, bool isRequired) =>
        !claims.TryGetProperty(name, out var value) ? !isRequired
        : value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_800;

    private static bool IsType(string? type, string taken)
    {
        const string Prefix = "application/";
        var name = type is not null && type.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? type[Prefix.Length..] : type;
        return string.Equals(name, taken, StringComparison.OrdinalIgnoreCase);
    }

    // One text for each sequence of bytes: unused bits of the last character are zero (RFC 4648 §3.5), nothing is padded.
    private static bool IsCanonical(ReadOnlySpan<char> part)
    {
        if (part.IsEmpty || part.Length % 4 == 1 || part.ContainsAnyExcept(Base64UrlCharacters))
        {
            return false;
        }

        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var unused = (part.Length % 4) switch { 2 => 0b1111, 3 => 0b11, _ => 0 };
        return (Alphabet.IndexOf(part[^1], StringComparison.Ordinal) & unused) == 0;
    }
}
