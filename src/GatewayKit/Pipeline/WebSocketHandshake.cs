using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Pipeline;

/// <summary>What a request says that asks for a WebSocket: by upgrade (RFC 6455 §4.1) or by extended CONNECT (RFC 8441 §4).</summary>
internal static class WebSocketHandshake
{
    public static bool IsAsked(HttpContext httpContext) =>
        HttpMethods.IsGet(httpContext.Request.Method)
            ? httpContext.Request.Headers.Upgrade.Count > 0 && IsNamed(httpContext.Request.Headers.Upgrade.ToString())
            : HttpMethods.IsConnect(httpContext.Request.Method)
                && httpContext.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: { } protocol } && IsNamed(protocol);

    public static bool IsNamed(string protocol) => string.Equals(protocol.Trim(), "websocket", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether the page that asks is of the same host, or nobody says which page it is: only browsers do. A browser sends its cookies along
    /// to whatever page asks, and no CORS check follows (cross-site WebSocket hijacking; RFC 6455 §10.2).
    /// </summary>
    public static bool IsOfSameHost(HttpRequest request) =>
        request.Headers.Origin.Count == 0
        || (WebOrigin.TryRead(request, out var origin) && origin.IsHost(request.Host) && (origin.IsSecure || !request.IsHttps));
}
