using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Configuration;

/// <summary>
/// Checks gateway routes as they will be served: with the prefixes and conventions of their groups, next to routes that were mapped in code,
/// which no source knows of.
/// </summary>
internal sealed class EndpointChecks(PolicyChecks policies, EndpointDataSource source, IServiceProvider services)
{
    public List<ConfigurationError> Check(PreparedSnapshot prepared, IReadOnlyList<SourcedSet> sets)
    {
        var conflicts = RouteConflicts.Find(prepared.Endpoints).Select(conflict => new ConfigurationError(PathOf(conflict.RouteId, sets), conflict.Message));
        var clusters = prepared.Snapshot.Clusters.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var places = new PolicyPlaces(sets);
        Endpoint[] own = [.. source.Endpoints.Where(static endpoint => endpoint.Metadata.GetMetadata<GatewayRoute>() is null)];

        // Policies of endpoints that stay were checked before; which clusters, plans and consumers there are is what a reload can change under them.
        return
        [
            .. CheckPolicies(prepared.Added, places),
            .. PolicyChecks.CheckClusters(own.Concat(prepared.Endpoints), clusters, places),
            .. CheckLimits(own.Concat(prepared.Added), places),
            .. CatalogChecks.CheckRoutes(sets, own.Concat(prepared.Endpoints), NameOf),
            .. AccessChecks.Check(own.Concat(prepared.Added), places, services),
            .. AccessChecks.CheckNames(own.Concat(prepared.Endpoints), prepared.Snapshot.Catalog, places, services),
            .. CorsChecks.Check(own.Concat(prepared.Added), places),
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
    public List<ConfigurationError> CheckPolicies(IEnumerable<Endpoint> endpoints, PolicyPlaces places)
    {
        Endpoint[] all = [.. endpoints];
        return [.. PipelineFault.In(all).Select(fault => ErrorOf(fault, places)), .. policies.Check(all)];
    }

    // What a setting is wrong for is the endpoint; what is mended is the key.
    private static ConfigurationError ErrorOf(PipelineFault fault, PolicyPlaces places) =>
        fault.Fault.Step is not { } step ? new(fault.EndpointName, fault.Fault.Message)
        : places.Find(fault.Endpoint, step.Policy) is { } place ? new(ModelPath.Join(place, step.Name), $"On endpoint '{fault.EndpointName}': {fault.Fault.Message}")
        : new(fault.EndpointName, $"{step.Name}: {fault.Fault.Message}");

    /// <summary>The ids of configured routes that have no endpoint, because no <c>MapGatewayRoutes()</c> selects them.</summary>
    public static string[] Unmapped(GatewaySnapshot snapshot, IReadOnlyList<Endpoint> endpoints)
    {
        var mapped = endpoints.Select(static endpoint => RouteConditions.Of(endpoint)?.Route).ToHashSet(ReferenceEqualityComparer.Instance);
        return [.. snapshot.Routes.Values.Where(route => !mapped.Contains(route)).Select(static route => route.Id)];
    }

    // What a request on it is said to be for.
    private static string? NameOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<GatewayRoute>()?.Id ?? endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? endpoint.DisplayName;

    private static string PathOf(string routeId, IReadOnlyList<SourcedSet> sets)
    {
        var source = sets.FirstOrDefault(set => set.Set.Routes.Any(route => string.Equals(route.Id, routeId, StringComparison.OrdinalIgnoreCase)));
        return source is null ? $"MapGatewayRoute(\"{routeId}\")" : ModelPath.Join(source.Source, [nameof(RouteSet.Routes), routeId]);
    }
}
