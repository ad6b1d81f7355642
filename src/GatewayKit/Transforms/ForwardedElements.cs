using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>The grammar of <c>Forwarded</c> (RFC 7239 §4): <c>name=token</c> or <c>name="text"</c>, joined by <c>;</c> and <c>,</c>.</summary>
internal static class ForwardedElements
{
    private const int MaxPairs = 128;

    /// <summary>What a request carries of it.</summary>
    /// <returns><see langword="null"/> if it has none or one that is not well-formed.</returns>
    public static string? Of(HttpContext httpContext)
    {
        var lines = httpContext.Request.Headers["Forwarded"];
        if (lines.Count == 0)
        {
            return null;
        }

        var text = string.Join(", ", lines.ToArray());
        return IsWellFormed(text) ? text : null;
    }

    /// <summary>A value, quoted if it is no token.</summary>
    public static string Value(string text) =>
        HeaderRules.IsToken(text) ? text : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        if (!HeaderRules.IsValue(text))
        {
            return false;
        }

        for (var pairs = 0; pairs < MaxPairs; pairs++)
        {
            text = text.TrimStart(" \t");
            var equals = text.IndexOf('=');
            if (equals <= 0 || !HeaderRules.IsToken(text[..equals].ToString()))
            {
                return false;
            }

            text = text[(equals + 1)..];
            if (!TrySkipValue(ref text))
            {
                return false;
            }

            text = text.TrimStart(" \t");
            if (text.IsEmpty)
            {
                return true;
            }

            if (text[0] is not (';' or ','))
            {
                return false;
            }

            text = text[1..];
        }

        return false;
    }

    private static bool TrySkipValue(ref ReadOnlySpan<char> text)
    {
        if (text is not ['"', ..])
        {
            var end = text.IndexOfAny(" \t;,") is var found and >= 0 ? found : text.Length;
            var isToken = HeaderRules.IsToken(text[..end].ToString());
            text = text[end..];
            return isToken;
        }

        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] is '\\')
            {
                i++;
            }
            else if (text[i] is '"')
            {
                text = text[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
