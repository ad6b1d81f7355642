using System.Net;
using System.Text;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>The grammar of <c>Forwarded</c> (RFC 7239 §4): <c>name=token</c> or <c>name="text"</c>, joined by <c>;</c> and <c>,</c>.</summary>
internal static class ForwardedElements
{
    /// <summary>Reads what a request carries of it.</summary>
    /// <param name="headers">The client's fields.</param>
    /// <param name="trusted">The networks that proxies are in.</param>
    /// <param name="believed">The elements that may be believed, as they came; <see langword="null"/> if there are none.</param>
    /// <returns>Whether all of it is well-formed.</returns>
    public static bool TryRead(IHeaderDictionary headers, IReadOnlyList<IPNetwork> trusted, out string? believed)
    {
        believed = null;
        var lines = headers["Forwarded"];
        if (lines.Count == 0)
        {
            return true;
        }

        var text = string.Join(", ", lines.ToArray());
        var elements = new List<Element>();
        if (text.Length > ForwardedHops.MaxLength || !HeaderRules.IsValue(text) || !TryParse(text, elements))
        {
            return false;
        }

        var first = ForwardedHops.FirstBelieved(elements.Count, i => elements[i].Address, trusted);
        believed = text[elements[first].Start..].Trim();
        return true;
    }

    /// <summary>A value, quoted if it is no token.</summary>
    public static string Value(string text) =>
        HttpToken.Is(text) ? text : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static bool TryParse(ReadOnlySpan<char> text, List<Element> elements)
    {
        var rest = text;
        while (elements.Count < ForwardedHops.MaxEntries)
        {
            var element = new Element { Start = text.Length - rest.Length };
            if (!TryParsePairs(ref rest, element))
            {
                return false;
            }

            elements.Add(element);
            if (rest.IsEmpty)
            {
                return true;
            }

            rest = rest[1..];
        }

        return false;
    }

    // Up to the comma or the end. No parameter may be there twice (RFC 7239 §4).
    private static bool TryParsePairs(ref ReadOnlySpan<char> text, Element element)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            text = text.TrimStart(" \t");
            var equals = text.IndexOf('=');
            if (equals <= 0 || text[..equals].ToString() is var name && (!HttpToken.Is(name) || !seen.Add(name)))
            {
                return false;
            }

            text = text[(equals + 1)..];
            if (!TryReadValue(ref text, out var value))
            {
                return false;
            }

            if (name.Equals("for", StringComparison.OrdinalIgnoreCase))
            {
                if (!ForwardedNodeText.TryRead(value, out var address))
                {
                    return false;
                }

                element.Address = address;
            }

            text = text.TrimStart(" \t");
            if (text.IsEmpty || text[0] is ',')
            {
                return true;
            }

            if (text[0] is not ';')
            {
                return false;
            }

            text = text[1..];
        }
    }

    private static bool TryReadValue(ref ReadOnlySpan<char> text, out string value)
    {
        value = string.Empty;
        if (text is not ['"', ..])
        {
            var end = text.IndexOfAny(" \t;,") is var found and >= 0 ? found : text.Length;
            value = text[..end].ToString();
            text = text[end..];
            return HttpToken.Is(value);
        }

        var unquoted = new StringBuilder();
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] is '"')
            {
                text = text[(i + 1)..];
                value = unquoted.ToString();
                return true;
            }

            i += text[i] is '\\' ? 1 : 0;
            if (i < text.Length)
            {
                unquoted.Append(text[i]);
            }
        }

        return false;
    }

    private sealed class Element
    {
        public int Start { get; init; }

        public IPAddress? Address { get; set; }
    }
}
