using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Routing;

/// <summary>The terminal of a route that the gateway answers itself.</summary>
internal static class StaticResponseTerminal
{
    public static EndpointFilterDelegate Create(StaticResponse response)
    {
        var answer = new StaticAnswer(response);
        return _ => new(answer);
    }
}
