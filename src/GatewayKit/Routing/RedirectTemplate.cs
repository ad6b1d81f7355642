using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Routing;

/// <summary>
/// The address of a redirect with places for route values. Scheme and authority are always the template's own: a value can neither
/// become one nor extend it, whatever the client sends (no open redirect).
/// </summary>
internal sealed class RedirectTemplate
{
    // RFC 3986 §3.3: pchar, without the percent sign.
    private static readonly SearchValues<char> PathCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@");

    private static readonly SearchValues<char> NeverLiteral = SearchValues.Create("}\\\"<>^`|");
    private readonly List<Part> _parts = [];
    private readonly string _fragment;
    private readonly bool _hasQuery;

    private RedirectTemplate(string text, ISet<string> parameters)
    {
        var fragment = text.IndexOf('#');
        (_fragment, var address) = fragment < 0 ? (string.Empty, text) : (text[fragment..], text[..fragment]);
        _hasQuery = address.Contains('?');
        Require(!_fragment.Contains('{'), "a fragment cannot hold a route value");
        var pathStart = PathStart(address);
        for (var position = 0; position < address.Length;)
        {
            var open = address.IndexOf('{', position) is var index and >= 0 ? index : address.Length;
            var literal = address[position..open];
            Require(!literal.AsSpan().ContainsAnyExceptInRange('!', '~'), "space, control characters and letters outside ASCII must be percent-encoded");
            Require(!literal.AsSpan().ContainsAny(NeverLiteral), "a character in it must be percent-encoded");
            _parts.Add(new(literal, null, false));
            if (open == address.Length)
            {
                break;
            }

            var close = address.IndexOf('}', open);
            Require(close > open + 1, "a brace is not closed");
            var name = address[(open + 1)..close].TrimStart('*');
            Require(open >= pathStart, "a route value cannot stand before the path, where it would choose the host");
            Require(parameters.Contains(name), $"the path has no parameter '{name}'");
            _parts.Add(new(string.Empty, name, InQuery: address.AsSpan(0, open).Contains('?')));
            position = close + 1;
        }
    }

    /// <summary>Reads a template.</summary>
    /// <param name="text">An absolute <c>http</c> or <c>https</c> address, or a path that begins with one slash.</param>
    /// <param name="parameters">The names of the path's parameters.</param>
    /// <exception cref="FormatException">It is not one.</exception>
    public static RedirectTemplate Parse(string text, IEnumerable<string> parameters) => new(text, parameters.ToHashSet(StringComparer.OrdinalIgnoreCase));

    /// <summary>Fills the template for one request.</summary>
    /// <returns>The value of <c>Location</c>; <see langword="null"/> when a value has an encoded slash that might be a twice encoded one.</returns>
    public string? Fill(HttpRequest request, string? rawTarget)
    {
        var location = new StringBuilder();
        foreach (var part in _parts)
        {
            location.Append(part.Literal);
            if (part.Parameter is null || request.RouteValues[part.Parameter] is not { } routeValue)
            {
                continue;
            }

            // The server decodes %25 and leaves %2F, so that %2F and %252F look alike here (dotnet/aspnetcore#30655).
            var value = Convert.ToString(routeValue, System.Globalization.CultureInfo.InvariantCulture) ?? string.Empty;
            if (value.Contains("%2F", StringComparison.OrdinalIgnoreCase) && rawTarget?.Contains("%25", StringComparison.Ordinal) is not false)
            {
                return null;
            }

            Append(location, value, part.InQuery);
        }

        // Two slashes at the start would begin an authority. The dot segment between vanishes when the client resolves it (RFC 3986 §5.2.4).
        if (location is { Length: > 1 } && location[0] is '/' && location[1] is '/')
        {
            location.Insert(0, "/.");
        }

        if (!_hasQuery)
        {
            AppendQuery(location, request.QueryString.Value);
        }

        return location.Append(_fragment).ToString();
    }

    // The length of scheme and authority, with the slash that ends them.
    private static int PathStart(string address)
    {
        if (address is ['/', ..])
        {
            Require(address is not ['/', '/' or '\\', ..], "a path begins with one slash; two would name a host");
            return 1;
        }

        var scheme = address.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8 : address.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7 : 0;
        Require(scheme > 0, "it must be an absolute http or https address, or a path that begins with a slash");
        var end = address.AsSpan(scheme).IndexOfAny('/', '?') is var index and >= 0 ? scheme + index : address.Length;
        var authority = address[scheme..end];
        Require(!authority.Contains('{'), "a route value cannot stand before the path, where it would choose the host");
        Require(authority.Length > 0 && !authority.Contains('@') && Uri.TryCreate(address[..end], UriKind.Absolute, out _), "its host is not one");
        return end + 1;
    }

    private static void Append(StringBuilder location, string value, bool inQuery)
    {
        if (inQuery)
        {
            location.Append(Uri.EscapeDataString(value));
            return;
        }

        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c is '/' || PathCharacters.Contains(c) || value.AsSpan(i).StartsWith("%2F", StringComparison.OrdinalIgnoreCase))
            {
                location.Append(c);
                continue;
            }

            _ = Rune.DecodeFromUtf16(value.AsSpan(i), out var rune, out var consumed);
            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
            {
                location.Append('%').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }

            i += consumed - 1;
        }
    }

    // As it came. What cannot stand in a header field is encoded, so that nothing can be injected (RFC 9110 §5.5).
    private static void AppendQuery(StringBuilder location, ReadOnlySpan<char> query)
    {
        if (!query.ContainsAnyExceptInRange('!', '~'))
        {
            location.Append(query);
            return;
        }

        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in query.EnumerateRunes())
        {
            if (rune.Value is >= '!' and <= '~')
            {
                location.Append((char)rune.Value);
                continue;
            }

            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
            {
                location.Append('%').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new FormatException($"The address of the redirect cannot be used: {otherwise}.");
        }
    }

    private sealed record Part(string Literal, string? Parameter, bool InQuery);
}
