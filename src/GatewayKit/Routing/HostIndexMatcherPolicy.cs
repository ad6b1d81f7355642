using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>
/// Matches the hosts of gateway routes by index. The framework's own policy compares a request with one host after the other, and each
/// host with each endpoint when it builds. Hosts come before methods, so that 405 and <c>Allow</c> speak of this host's routes only.
/// </summary>
internal sealed class HostIndexMatcherPolicy : MatcherPolicy, INodeBuilderPolicy, IEndpointComparerPolicy, IComparer<Endpoint>
{
    public override int Order => MatcherOrders.Hosts;

    public IComparer<Endpoint> Comparer => this;

    public int Compare(Endpoint? x, Endpoint? y) => (y is null ? 0 : HostRanks.Of(y)).CompareTo(x is null ? 0 : HostRanks.Of(x));

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(static endpoint => RouteConditions.Of(endpoint) is { Hosts.Length: > 0 });

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints) => HostIndex.EdgesOf(endpoints);

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges) => new HostJumpTable(exitDestination, edges);
}
