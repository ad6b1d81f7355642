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
        var name = authority.AsSpan(authority.StartsWith("*.", StringComparison.Ordinal) ? 2 : 0);
        if (!RequestHost.IsHost(name) || !TrySplit(authority, isSecure, out var host, out var port))
        {
            return false;
        }

        origin = new(isSecure, host, port);
        return true;
    }

    /// <summary>
    /// Whether it is that of a host; a port that is not said is the usual one of the origin's scheme, whichever way the request came. Compared
    /// in ASCII, as browsers write origins: the server has decoded international names.
    /// </summary>
    public bool IsHost(HostString other) =>
        TrySplit(other.ToUriComponent(), IsSecure, out var host, out var port) && port == Port && string.Equals(host, Host, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is the same one, or below a <c>*.</c> of this one.</summary>
    public bool Matches(WebOrigin other) =>
        other.IsSecure == IsSecure && other.Port == Port
        && (Host.StartsWith("*.", StringComparison.Ordinal)
            ? other.Host.Length > Host.Length - 1 && other.Host.EndsWith(Host[1..], StringComparison.OrdinalIgnoreCase)
            : string.Equals(other.Host, Host, StringComparison.OrdinalIgnoreCase));

    // By hand: HostString takes "1:2:3" for an address and puts brackets around it.
    private static bool TrySplit(string authority, bool isSecure, out string host, out int port)
    {
        port = isSecure ? 443 : 80;
        var colon = authority.LastIndexOf(':');
        if (colon < 0 || authority.IndexOf(']', colon) >= 0)
        {
            host = authority;
            return host.Length > 0;
        }

        host = authority[..colon];
        return host.Length > 0 && int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65_535;
    }
}
