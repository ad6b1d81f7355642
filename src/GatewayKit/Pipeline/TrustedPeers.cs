using System.Net;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>The peers whose word about a request counts: proxies and gateways in front (<see cref="GatewayOptions.TrustedProxies"/>).</summary>
internal sealed class TrustedPeers(IReadOnlyList<IPNetwork> networks)
{
    public bool Include(HttpContext httpContext) => networks.Count > 0 && ForwardedHops.IsTrusted(httpContext.Connection.RemoteIpAddress, networks);
}
