using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Configuration;

/// <summary>Where a policy of an endpoint was written, for whoever has to mend it.</summary>
internal sealed class PolicyPlaces(IReadOnlyList<SourcedSet> sets)
{
    // Of 10,000 routes one may be asked for, or all.
    private readonly Lazy<Dictionary<string, (string Source, GatewayRoute Route)>> _routes = new(() => IndexOf(sets));

    /// <summary>The path of the route or of the defaults that say it; the name of the endpoint if a call in code does.</summary>
    public string PathOf(Endpoint endpoint, IGatewayPolicy policy) => Find(endpoint, policy) ?? endpoint.DisplayName ?? "(unnamed endpoint)";

    /// <summary>The path of the route or of the defaults that say it; <see langword="null"/> if a call in code does.</summary>
    public string? Find(Endpoint endpoint, IGatewayPolicy policy)
    {
        if (endpoint.Metadata.GetMetadata<GatewayRoute>() is { } route)
        {
            if (_routes.Value.TryGetValue(route.Id, out var written) && written.Route.Policies.Contains(policy))
            {
                return ModelPath.Join(written.Source, [nameof(RouteSet.Routes), written.Route.Id]);
            }

            if (sets.FirstOrDefault(set => set.Set.Defaults.Contains(policy)) is { } set)
            {
                return ModelPath.Join(set.Source, nameof(RouteSet.Defaults));
            }
        }

        return null;
    }

    private static Dictionary<string, (string Source, GatewayRoute Route)> IndexOf(IReadOnlyList<SourcedSet> sets)
    {
        var routes = new Dictionary<string, (string Source, GatewayRoute Route)>(StringComparer.OrdinalIgnoreCase);
        foreach (var (source, set, _, _) in sets)
        {
            foreach (var route in set.Routes)
            {
                routes.TryAdd(route.Id, (source, route));
            }
        }

        return routes;
    }
}
