using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Configuration;

/// <summary>
/// Checks gateway routes as they will be served: with the prefixes and conventions of their groups, next to routes that were mapped in code,
/// which no source knows of.
/// </summary>
internal sealed class EndpointChecks(PolicyChecks policies, EndpointDataSource source)
{
    public List<ConfigurationError> Check(PreparedSnapshot prepared, IReadOnlyList<SourcedSet> sets)
    {
        var conflicts = RouteConflicts.Find(prepared.Endpoints).Select(conflict => new ConfigurationError(PathOf(conflict.RouteId, sets), conflict.Message));
        var clusters = prepared.Snapshot.Clusters.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var places = new PolicyPlaces(sets);
        Endpoint[] own = [.. source.Endpoints.Where(static endpoint => endpoint.Metadata.GetMetadata<GatewayRoute>() is null)];

        // Policies of endpoints that stay were checked before; which clusters there are is what a reload can change under them.
        return
        [
            .. CheckPolicies(prepared.Added),
            .. PolicyChecks.CheckClusters(own.Concat(prepared.Endpoints), clusters, places),
            .. CheckLimits(own.Concat(prepared.Added), places),
            .. FallbackChecks.Check(own, prepared.Endpoints, places),
            .. conflicts,
        ];
    }

    /// <summary>What is wrong with the limits of each of these endpoints, taken together.</summary>
    public static IEnumerable<ConfigurationError> CheckLimits(IEnumerable<Endpoint> endpoints, PolicyPlaces places)
    {
        Endpoint[] all = [.. endpoints];
        return QuotaChecks.Check(all, places).Concat(RateChecks.Check(all, places));
    }

    /// <summary>What is wrong with the policies of these endpoints: one that would not be applied, or one that makes no sense.</summary>
    public List<ConfigurationError> CheckPolicies(IEnumerable<Endpoint> endpoints)
    {
        Endpoint[] all = [.. endpoints];
        return [.. PipelineFault.In(all).Select(static fault => new ConfigurationError(fault.Endpoint, fault.Message)), .. policies.Check(all)];
    }

    /// <summary>The ids of configured routes that have no endpoint, because no <c>MapGatewayRoutes()</c> selects them.</summary>
    public static string[] Unmapped(GatewaySnapshot snapshot, IReadOnlyList<Endpoint> endpoints)
    {
        var mapped = endpoints.Select(static endpoint => RouteConditions.Of(endpoint)?.Route).ToHashSet(ReferenceEqualityComparer.Instance);
        return [.. snapshot.Routes.Values.Where(route => !mapped.Contains(route)).Select(static route => route.Id)];
    }

    private static string PathOf(string routeId, IReadOnlyList<SourcedSet> sets)
    {
        var source = sets.FirstOrDefault(set => set.Set.Routes.Any(route => string.Equals(route.Id, routeId, StringComparison.OrdinalIgnoreCase)));
        return source is null ? $"MapGatewayRoute(\"{routeId}\")" : ModelPath.Join(source.Source, [nameof(RouteSet.Routes), routeId]);
    }
}
