using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>Finds the edge of a request's host.</summary>
internal sealed class HostJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges) : PolicyJumpTable
{
    private readonly HostTable<int> _destinations = new(edges.Select(static edge => ((HostPattern)edge.State, edge.Destination)));

    public override int GetDestination(HttpContext httpContext)
    {
        // The field as it travels: HostString decodes international names and cuts the port off by copying, on every read.
        var request = httpContext.Request;
        if (request.Headers.Host is not [{ Length: > 0 } host] || !HostPattern.TrySplit(host, out var name, out var port))
        {
            return _destinations.OfEveryHost ?? exitDestination;
        }

        return _destinations.Find(name, port ?? (request.IsHttps ? 443 : 80)) ?? exitDestination;
    }
}
