using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Routing;

/// <summary>How closely an endpoint asks for its host, whether it is a gateway route or an endpoint of the host with <c>RequireHost</c>.</summary>
internal static class HostRanks
{
    // A cache of a pure function, so that sorting does not parse; its entries go with their endpoints.
    private static readonly ConditionalWeakTable<IHostMetadata, StrongBox<int>> Known = [];

    public static int Of(Endpoint endpoint) =>
        RouteConditions.Of(endpoint) is { } conditions ? conditions.HostRank
        : endpoint.Metadata.Last<IHostMetadata>() is { Hosts.Count: > 0 } hosts ? Known.GetValue(hosts, static metadata => new(RankOf(metadata))).Value
        : 0;

    private static int RankOf(IHostMetadata metadata) =>
        metadata.Hosts.Select(static host => HostPattern.TryParse(host, out var pattern) ? pattern.Rank : 0).Max();
}
