using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>Rewrites a reference to the destination into one below the gateway (RFC 9110 §10.2.2).</summary>
internal static class LocationText
{
    /// <summary>What counts as the destination, and where the gateway's own paths start.</summary>
    /// <param name="Address">The destination that answered; <see langword="null"/> if none did.</param>
    /// <param name="ClientHost">The host the client asked for, which the destination may have been told.</param>
    /// <param name="PathBase">The path base of the host.</param>
    /// <param name="Hosts">Other names of the destination.</param>
    internal readonly record struct Origin(Uri? Address, HostString ClientHost, PathString PathBase, IReadOnlyList<string> Hosts);

    /// <returns>
    /// A reference without host, so that the client keeps the scheme and host that it used; <see langword="null"/> if the reference does not
    /// lead to the destination, or not to a path of it that <paramref name="from"/> covers.
    /// </returns>
    public static string? Rewrite(string location, Origin origin, string from, string to)
    {
        var (start, end) = Authority(location);
        var authority = location.AsSpan(start, end - start);
        var isClients = authority.Length > 0 && authority.Equals(origin.ClientHost.Value, StringComparison.OrdinalIgnoreCase);
        if (end > 0 && !isClients && !IsDestination(authority, location.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? 443 : 80, origin))
        {
            return null;
        }

        var path = location.AsSpan(end);
        var tail = path.IndexOfAny('?', '#') is var cut and >= 0 ? path[cut..] : [];
        path = path[..^tail.Length];
        if (path.IsEmpty && end > 0)
        {
            path = "/";
        }

        // A reference relative to the current path is as good for the client as for the destination.
        if (!path.StartsWith('/'))
        {
            return null;
        }

        var basePath = origin.Address is { AbsolutePath: { Length: > 1 } ownPath } ? ownPath.TrimEnd('/') : string.Empty;
        var prefix = basePath + from;
        if (prefix.Length > 0 && !PathText.StartsWith(path, prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var inside = string.Concat(origin.PathBase.ToUriComponent(), to, path[prefix.Length..]);
        if (inside.Length == 0)
        {
            inside = "/";
        }

        // The destination knew the client's host and meant it: http to https must stay that.
        // Elsewhere two slashes in front would name a host of somebody's choice, an open redirect; browsers read a backslash as a slash.
        var front = isClients ? location.AsSpan(0, end)
            : inside.Length > 1 && inside[1] is '/' or '\\' ? "/."
            : string.Empty;
        return string.Concat(front, inside, tail);
    }

    // Both are 0 if the reference names no host.
    private static (int Start, int End) Authority(string location)
    {
        var start = location.StartsWith("//", StringComparison.Ordinal) ? 2
            : location.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7
            : location.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8
            : 0;
        if (start == 0)
        {
            return (0, 0);
        }

        var length = location.AsSpan(start).IndexOfAny("/?#\\");
        return (start, length < 0 ? location.Length : start + length);
    }

    private static bool IsDestination(ReadOnlySpan<char> authority, int port, Origin origin)
    {
        var host = authority;
        var colon = authority.LastIndexOf(':');
        if (colon > authority.LastIndexOf(']') && int.TryParse(authority[(colon + 1)..], out var given))
        {
            host = authority[..colon];
            port = given;
        }

        if (origin.Address is { } address && port == address.Port && host.Equals(address.Host, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        foreach (var name in origin.Hosts)
        {
            if (authority.Equals(name, StringComparison.OrdinalIgnoreCase) || host.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
