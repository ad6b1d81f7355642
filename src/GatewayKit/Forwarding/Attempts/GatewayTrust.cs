using System.Net;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>Whether the peer is a gateway of ours, whose word about retries counts and who is told ours.</summary>
internal sealed class GatewayTrust(IReadOnlyList<IPNetwork> trusted)
{
    public bool Includes(HttpContext httpContext) => trusted.Count > 0 && ForwardedHops.IsTrusted(httpContext.Connection.RemoteIpAddress, trusted);

    /// <summary>Whether the request is a retry of a gateway in front: one more here would multiply.</summary>
    public bool RetriesItself(HttpContext httpContext) => AttemptFields.IsRetry(httpContext.Request) && Includes(httpContext);
}
