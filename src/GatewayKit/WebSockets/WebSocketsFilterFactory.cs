using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.WebSockets;

/// <summary>Refuses WebSockets that an endpoint does not take. Other requests pass untouched.</summary>
internal sealed class WebSocketsFilterFactory(WebSocketPlaces places) : GatewayFilterFactory<WebSocketPolicy>
{
    protected override EndpointFilterDelegate Create(WebSocketPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        // Terms are what the forwarder goes by, instead of its own check of the origin. A policy that is only tried leaves that in place.
        var terms = policy.Mode is PolicyMode.Shadow ? null : new WebSocketTerms(policy.MaxDuration);
        var key = endpoint.StateKey;
        var anyOrigin = policy.Origins.Contains("*");
        WebOrigin[] origins = [.. policy.Origins.Where(static origin => origin != "*").Select(static origin => WebOrigin.TryParse(origin, out var parsed) ? parsed : default)];
        return context => WebSocketHandshake.IsAsked(context.HttpContext) ? Decide(context) : next(context);

        ValueTask<object?> Decide(EndpointFilterInvocationContext context)
        {
            var httpContext = context.HttpContext;
            if (terms is not null)
            {
                httpContext.Features.Set(terms);
            }

            if (!policy.Allow)
            {
                return new(new GatewayProblem(RejectionReason.UpgradeNotAllowed));
            }

            if (!anyOrigin && !WebSocketHandshake.IsOfSameHost(httpContext.Request) && !IsListed(httpContext.Request))
            {
                return new(new GatewayProblem(RejectionReason.OriginNotAllowed));
            }

            if (policy.MaxConnections is { } max)
            {
                if (places.TryTake(key, max) is not { } place)
                {
                    return new(new GatewayProblem(RejectionReason.Overloaded, retryAfter: WebSocketPlaces.RetryAfter));
                }

                // Given back with the request, which lasts as long as the WebSocket.
                httpContext.Response.RegisterForDispose(place);
            }

            return next(context);
        }

        bool IsListed(HttpRequest request) =>
            WebOrigin.TryRead(request, out var asked) && Array.Exists(origins, origin => origin.Matches(asked));
    }
}
