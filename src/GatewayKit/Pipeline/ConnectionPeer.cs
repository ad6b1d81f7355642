using System.Net;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// The other side of the connection that a request came by. <c>UseForwardedHeaders()</c> puts the client's address in its place, and who may speak for clients is asked about the peer.
/// </summary>
/// <param name="Address">Its address; <see langword="null"/> if the transport knows none.</param>
internal sealed record ConnectionPeer(IPAddress? Address)
{
    /// <summary>Keeps the peer of a request that no middleware has seen yet.</summary>
    public static void Keep(HttpContext httpContext) => httpContext.Features.Set(new ConnectionPeer(httpContext.Connection.RemoteIpAddress));

    /// <summary>The peer as it was kept, or else as the request has it now.</summary>
    public static IPAddress? Of(HttpContext httpContext) =>
        httpContext.Features.Get<ConnectionPeer>() is { } peer ? peer.Address : httpContext.Connection.RemoteIpAddress;
}
