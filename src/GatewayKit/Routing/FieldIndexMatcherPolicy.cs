using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>
/// Matches exact conditions on headers and query parameters by index: a request looks its values up, whatever the number of routes.
/// </summary>
internal sealed class FieldIndexMatcherPolicy : MatcherPolicy, INodeBuilderPolicy
{
    public override int Order => MatcherOrders.Fields;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(static endpoint => RouteConditions.Of(endpoint)?.Indexed is not null);

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints)
    {
        var index = new FieldIndex(endpoints);
        var edges = new List<PolicyNodeEdge>(index.KeyCount + 2)
        {
            new(new Key(index, FieldIndex.None), index.Reachable(FieldIndex.None)),
            new(new Key(index, FieldIndex.Several), SeveralValues.StandInsFor(index)),
        };
        for (var key = 0; key < index.KeyCount; key++)
        {
            edges.Add(new(new Key(index, key), index.Reachable(key)));
        }

        return edges;
    }

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges) => new JumpTable(edges);

    private readonly record struct Key(FieldIndex Index, int Value);

    private sealed class JumpTable : PolicyJumpTable
    {
        private readonly FieldIndex _index;
        private readonly int[] _destinations;

        public JumpTable(IReadOnlyList<PolicyJumpTableEdge> edges)
        {
            _index = ((Key)edges[0].State).Index;
            _destinations = new int[edges.Count];
            foreach (var edge in edges)
            {
                _destinations[((Key)edge.State).Value - FieldIndex.Several] = edge.Destination;
            }
        }

        public override int GetDestination(HttpContext httpContext) => _destinations[_index.Find(httpContext.Request) - FieldIndex.Several];
    }
}
