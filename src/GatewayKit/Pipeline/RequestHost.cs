using System.Buffers;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>The host that a request is for (RFC 9110 §7.2): one name or address, with a port or without.</summary>
internal static class RequestHost
{
    // The longest name of the DNS (RFC 1035 §2.3.4).
    private const int MaxNameLength = 253;

    // What names consist of; with the underscore, which some have. Sub-delimiters and escapes, which RFC 3986 allows in a registered name, are in
    // none, and no two readers agree on them.
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");
    private static readonly SearchValues<char> UpperCase = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>Whether the request names exactly one host. HTTP/1.0 may name none (RFC 9112 §3.2).</summary>
    public static bool IsValid(HttpRequest request)
    {
        var lines = request.Headers.Host;
        return lines.Count == 1 ? IsHost(lines[0]) : lines.Count == 0 && HttpProtocol.IsHttp10(request.Protocol);
    }

    /// <summary>Whether a text is a host: no user, no list, a port from 1 to 65535 if there is one.</summary>
    public static bool IsHost(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        if (colon >= 0 && host[colon..].IndexOf(']') < 0)
        {
            if (!int.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65_535)
            {
                return false;
            }

            host = host[..colon];
        }

        // A zone means something on the other machine only (RFC 4007 §11.2).
        return host is ['[', .. var address, ']']
            ? address.Contains(':') && !address.Contains('%') && IPAddress.TryParse(address, out _)
            : IsName(host is [.. var rooted, '.'] ? rooted : host);
    }

    /// <summary>The host in the one spelling that is told to others: in lower case and without the dot of the root.</summary>
    /// <returns><see langword="null"/> if the request names none.</returns>
    public static string? Of(HttpRequest request)
    {
        // As it came: HttpRequest.Host turns names of the DNS into the letters that they stand for (RFC 5891 §5.4), and throws where they stand for none.
        if (request.Headers.Host.ToString() is not { Length: > 0 } host)
        {
            return null;
        }

        host = host.AsSpan().ContainsAny(UpperCase) ? host.ToLowerInvariant() : host;
        return host.EndsWith('.') ? host[..^1]
            : host.IndexOf(".:", StringComparison.Ordinal) is var root and >= 0 ? host.Remove(root, 1)
            : host;
    }

    private static bool IsName(ReadOnlySpan<char> name) =>
        name is { Length: > 0 and <= MaxNameLength } and not ['.', ..] && !name.ContainsAnyExcept(NameCharacters) && name is not [.., '.']
        && name.IndexOf("..", StringComparison.Ordinal) < 0;
}
