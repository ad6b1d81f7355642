using System.Net;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>What the other side of the connection may say about those behind it.</summary>
internal static class TrustedPeer
{
    // A chain this long is no chain of proxies but an attempt to fill the destination's memory.
    private const int MaxEntries = 32;

    /// <returns>The entries that the peer sent, or <see langword="null"/> if it is not trusted or an entry is not well-formed.</returns>
    public static string? Values(HttpContext httpContext, IReadOnlyList<IPNetwork> trusted, string name, Func<string, bool> isValid)
    {
        if (!IsTrusted(httpContext.Connection.RemoteIpAddress, trusted)
            || httpContext.Request.Headers[name] is not { Count: > 0 and <= MaxEntries } lines)
        {
            return null;
        }

        var text = string.Join(", ", lines.ToArray());
        var entries = text.Split(',', StringSplitOptions.TrimEntries);
        return entries.Length <= MaxEntries && HeaderRules.IsValue(text) && entries.All(isValid) ? text : null;
    }

    public static bool IsTrusted(IPAddress? peer, IReadOnlyList<IPNetwork> trusted)
    {
        if (peer is null)
        {
            return false;
        }

        var address = PeerAddress.Plain(peer);
        foreach (var network in trusted)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
