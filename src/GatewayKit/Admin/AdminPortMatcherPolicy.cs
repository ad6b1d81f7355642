using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Admin;

/// <summary>
/// Keeps the admin API to the port that it is for: elsewhere it is not there at all. It goes by the connection, and not by <c>Host</c>, which a client writes as it likes.
/// </summary>
internal sealed class AdminPortMatcherPolicy : MatcherPolicy, INodeBuilderPolicy, IEndpointSelectorPolicy
{
    private static readonly object Elsewhere = "elsewhere";

    // Before methods are compared: which ones there are is not told elsewhere either.
    public override int Order => -10_000;

    bool INodeBuilderPolicy.AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => !ContainsDynamicEndpoints(endpoints) && Applies(endpoints);

    // Where other endpoints of the host are found at request time there are no nodes to choose between.
    bool IEndpointSelectorPolicy.AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => ContainsDynamicEndpoints(endpoints) && Applies(endpoints);

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints) =>
    [
        new(Elsewhere, [.. endpoints.Where(static endpoint => PortOf(endpoint) is null)]),
        .. endpoints.Select(PortOf).OfType<int>().Distinct().Select(port => new PolicyNodeEdge(port, [.. endpoints.Where(endpoint => PortOf(endpoint) is null || PortOf(endpoint) == port)])),
    ];

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges) => new JumpTable(
        edges.FirstOrDefault(static edge => ReferenceEquals(edge.State, Elsewhere)) is { State: not null } elsewhere ? elsewhere.Destination : exitDestination,
        edges.Where(static edge => edge.State is int).ToDictionary(static edge => (int)edge.State, static edge => edge.Destination));

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && PortOf(candidates[i].Endpoint) is { } port && port != httpContext.Connection.LocalPort)
            {
                candidates.SetValidity(i, false);
            }
        }

        return Task.CompletedTask;
    }

    private static bool Applies(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(static endpoint => PortOf(endpoint) is not null);

    private static int? PortOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<AdminPort>()?.Port;

    private sealed class JumpTable(int elsewhere, Dictionary<int, int> byPort) : PolicyJumpTable
    {
        public override int GetDestination(HttpContext httpContext) => byPort.GetValueOrDefault(httpContext.Connection.LocalPort, elsewhere);
    }
}
