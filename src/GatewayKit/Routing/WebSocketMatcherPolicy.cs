using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>
/// Lets a WebSocket over HTTP/2, which begins with an extended CONNECT (RFC 8441 §4), reach the routes that allow GET, with which the same
/// WebSocket begins over HTTP/1.1. A plain CONNECT stays what it is, and <c>Allow</c> does not name CONNECT.
/// </summary>
internal sealed class WebSocketMatcherPolicy : MatcherPolicy, INodeBuilderPolicy
{
    private static readonly object Plain = "any";
    private static readonly object WebSocket = "websocket";
    private readonly ConditionalWeakTable<Endpoint, Endpoint> _twins = [];

    public override int Order => MatcherOrders.WebSockets;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(static endpoint => NeedsTwin(endpoint));

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints) =>
    [
        new(Plain, endpoints),
        new(WebSocket, [.. endpoints.Select(endpoint => NeedsTwin(endpoint) ? _twins.GetValue(endpoint, static known => TwinOf(known)) : endpoint)]),
    ];

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges) => new JumpTable(
        edges.Single(static edge => ReferenceEquals(edge.State, Plain)).Destination,
        edges.Single(static edge => ReferenceEquals(edge.State, WebSocket)).Destination);

    // Static answers and redirects have nothing to say to a WebSocket.
    private static bool NeedsTwin(Endpoint endpoint) =>
        RouteConditions.Of(endpoint) is { Route: { IsForwarded: true, Match.Methods: { Count: > 0 } methods } }
        && methods.Contains(HttpMethods.Get, StringComparer.OrdinalIgnoreCase) && !methods.Contains(HttpMethods.Connect, StringComparer.OrdinalIgnoreCase);

    // The same endpoint without its methods, which this edge has decided.
    private static RouteEndpoint TwinOf(Endpoint endpoint)
    {
        var original = (RouteEndpoint)endpoint;
        return new(
            original.RequestDelegate!,
            original.RoutePattern,
            original.Order,
            new EndpointMetadataCollection(original.Metadata.Where(static item => item is not IHttpMethodMetadata)),
            original.DisplayName);
    }

    private sealed class JumpTable(int plain, int webSocket) : PolicyJumpTable
    {
        public override int GetDestination(HttpContext httpContext) =>
            HttpMethods.IsConnect(httpContext.Request.Method)
            && httpContext.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" }
                ? webSocket
                : plain;
    }
}
