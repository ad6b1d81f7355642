using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity;

/// <summary>Whether it is a person who asks, by opening a page: nobody else could follow to where one signs in. A program would get a page, and a body that was sent would be lost.</summary>
internal static class PageOfPerson
{
    public static bool IsAsked(HttpContext httpContext)
    {
        var request = httpContext.Request;
        return (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && !GrpcCall.Is(request)
            && !httpContext.WebSockets.IsWebSocketRequest && request.Headers.Upgrade.Count == 0
            && (request.Headers["Sec-Fetch-Mode"] is { Count: > 0 } mode
                ? mode == "navigate"
                : request.Headers.Accept.Any(static accept => accept?.Contains("text/html", StringComparison.OrdinalIgnoreCase) is true));
    }
}
