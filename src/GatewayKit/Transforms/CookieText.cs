using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>Edits one attribute of a <c>Set-Cookie</c> line and leaves every other byte as it came (RFC 6265 §5.2).</summary>
internal static class CookieText
{
    /// <summary>What a replacement gives to take the attribute away.</summary>
    public const string Removed = "";

    /// <summary>The new value of an attribute; <see langword="null"/> to leave it.</summary>
    internal delegate string? Replacement(ReadOnlySpan<char> value);

    public static void Rewrite(IHeaderDictionary headers, Func<string, string> rewrite)
    {
        var lines = headers.SetCookie;
        if (lines.Count > 0)
        {
            headers.SetCookie = lines.Select(line => line is null ? line : rewrite(line)).ToArray();
        }
    }

    public static string Replace(string cookie, string attribute, Replacement replacement)
    {
        for (var start = cookie.IndexOf(';', StringComparison.Ordinal); start >= 0;)
        {
            var end = cookie.IndexOf(';', start + 1) is var next and >= 0 ? next : cookie.Length;
            var piece = cookie.AsSpan(start + 1, end - start - 1);
            var equals = piece.IndexOf('=');
            var changed = equals >= 0 && piece[..equals].Trim(" \t").Equals(attribute, StringComparison.OrdinalIgnoreCase)
                ? replacement(piece[(equals + 1)..].Trim(" \t"))
                : null;
            if (changed is not null)
            {
                var kept = changed.Length == 0 ? [] : cookie.AsSpan(start, equals + 2);
                cookie = string.Concat(cookie.AsSpan(0, start), kept, changed, cookie.AsSpan(end));
                end = start + kept.Length + changed.Length;
            }

            start = end < cookie.Length ? end : -1;
        }

        return cookie;
    }
}
