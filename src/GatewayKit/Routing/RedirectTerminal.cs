using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Routing;

/// <summary>The terminal of a route that sends the client elsewhere.</summary>
internal static class RedirectTerminal
{
    public static EndpointFilterDelegate Create(RouteRedirect redirect, RoutePattern pattern) =>
        throw new NotImplementedException($"{redirect} {pattern}");
}
