using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>
/// Takes out of a node what no request can reach there: all that stands behind a route without any condition. A catch-all is in every
/// node below it; without this, a thousand catch-alls for a thousand hosts would be repeated under each of ten thousand literal paths.
/// </summary>
internal sealed class ShadowedEndpointMatcherPolicy : MatcherPolicy, INodeBuilderPolicy
{
    private static readonly object Only = "reachable";

    public override int Order => MatcherOrders.Shadowed;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints)
    {
        // Asked of every node of the framework's automaton: from here its building can be paced.
        ReloadPace.Step();
        return Reachable(endpoints) < endpoints.Count;
    }

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints) => [new(Only, [.. endpoints.Take(Reachable(endpoints))])];

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges) => new JumpTable(edges[0].Destination);

    private static int Reachable(IReadOnlyList<Endpoint> endpoints)
    {
        for (var i = 0; i < endpoints.Count - 1; i++)
        {
            if (TakesEverything(endpoints[i]))
            {
                // What has the same priority and template may ask for more, and then comes first after all.
                var end = i + 1;
                while (end < endpoints.Count && IsLevel((RouteEndpoint)endpoints[i], endpoints[end]))
                {
                    end++;
                }

                return end;
            }
        }

        return endpoints.Count;
    }

    private static bool IsLevel(RouteEndpoint endpoint, Endpoint other) =>
        other is RouteEndpoint route && route.Order == endpoint.Order && route.RoutePattern.InboundPrecedence == endpoint.RoutePattern.InboundPrecedence;

    // Metadata that is not the gateway's own may be a condition to some other matcher policy, so it counts as one.
    private static bool TakesEverything(Endpoint endpoint) =>
        endpoint is RouteEndpoint { RoutePattern: { ParameterPolicies.Count: 0 } pattern }
        && RouteConditions.Of(endpoint) is { AreNone: true }
        && pattern.PathSegments.All(static segment => segment.IsSimple)
        && endpoint.Metadata.All(static item => item is IGatewayPolicy or IRouteDiagnosticsMetadata || item.GetType().Assembly == typeof(GatewayRoute).Assembly);

    private sealed class JumpTable(int destination) : PolicyJumpTable
    {
        public override int GetDestination(HttpContext httpContext) => destination;
    }
}
