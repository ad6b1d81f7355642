using System.Net;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>The peers whose word about a request counts: proxies and gateways in front (<see cref="GatewayOptions.TrustedProxies"/>).</summary>
internal sealed class TrustedPeers(IReadOnlyList<IPNetwork> networks)
{
    /// <summary>Whether there are any.</summary>
    public bool Any => networks.Count > 0;

    /// <summary>Whether the other side of the connection is one of them, whatever middleware has made of its address since.</summary>
    public bool Include(HttpContext httpContext) => networks.Count > 0 && ForwardedHops.IsTrusted(ConnectionPeer.Of(httpContext), networks);
}
