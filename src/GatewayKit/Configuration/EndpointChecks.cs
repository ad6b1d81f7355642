using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Configuration;

/// <summary>
/// Checks gateway routes as they will be served: with the prefixes and conventions of their groups, next to routes that were mapped in code,
/// which no source knows of.
/// </summary>
internal sealed class EndpointChecks(PolicyChecks policies, FallbackChecks fallbacks)
{
    public List<ConfigurationError> Check(PreparedSnapshot prepared, IReadOnlyList<SourcedSet> sets)
    {
        var conflicts = RouteConflicts.Find(prepared.Endpoints).Select(conflict => new ConfigurationError(PathOf(conflict.RouteId, sets), conflict.Message));
        var clusters = prepared.Snapshot.Clusters.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. CheckPolicies(prepared.Added, clusters), .. fallbacks.Check(prepared.Endpoints, clusters, new PolicyPlaces(sets)), .. conflicts];
    }

    /// <summary>What is wrong with the policies of these endpoints: one that would not be applied, or one that makes no sense.</summary>
    /// <param name="endpoints">The endpoints.</param>
    /// <param name="clusters">The ids of all clusters. Default: they are not known yet.</param>
    public List<ConfigurationError> CheckPolicies(IEnumerable<Endpoint> endpoints, IReadOnlySet<string>? clusters = null)
    {
        Endpoint[] all = [.. endpoints];
        return [.. PipelineFault.In(all).Select(static fault => new ConfigurationError(fault.Endpoint, fault.Message)), .. policies.Check(all, clusters)];
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
