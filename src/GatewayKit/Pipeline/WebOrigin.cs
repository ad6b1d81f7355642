using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>An origin as browsers write it: scheme, host and port (RFC 6454 §6.2). <c>null</c>, which any page can be made to send, is none.</summary>
internal readonly record struct WebOrigin(bool IsSecure, string Host, int Port)
{
    /// <summary>Reads the one <c>Origin</c> of a request.</summary>
    public static bool TryRead(HttpRequest request, out WebOrigin origin)
    {
        origin = default;
        return request.Headers.Origin is [{ } text] && TryParse(text, out origin);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out WebOrigin origin)
    {
        origin = default;
        var isSecure = text?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) is true;
        if (text is null || (!isSecure && !text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        var authority = text[(isSecure ? 8 : 7)..];
        if (authority.AsSpan().IndexOfAnyExcept(AuthorityCharacters) >= 0 || !TrySplit(new HostString(authority), isSecure, out var host, out var port))
        {
            return false;
        }

        origin = new(isSecure, host, port);
        return true;
    }

    /// <summary>Whether it is that of a host; a port that is not said is the usual one of the origin's scheme, whichever way the request came.</summary>
    public bool IsHost(HostString other) =>
        TrySplit(other, IsSecure, out var host, out var port) && port == Port && string.Equals(host, Host, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is the same one, or below a <c>*.</c> of this one.</summary>
    public bool Matches(WebOrigin other) =>
        other.IsSecure == IsSecure && other.Port == Port
        && (Host.StartsWith("*.", StringComparison.Ordinal)
            ? other.Host.Length > Host.Length - 1 && other.Host.EndsWith(Host[1..], StringComparison.OrdinalIgnoreCase)
            : string.Equals(other.Host, Host, StringComparison.OrdinalIgnoreCase));

    private static readonly System.Buffers.SearchValues<char> AuthorityCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*:[]");

    private static bool TrySplit(HostString authority, bool isSecure, out string host, out int port)
    {
        host = authority.Host;
        port = isSecure ? 443 : 80;
        var rest = (authority.Value ?? string.Empty)[host.Length..];
        return host.Length > 0
            && (rest.Length == 0 || (rest[0] == ':' && int.TryParse(rest.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65_535));
    }
}
