using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>What one source contributes. The sets of all sources together make the snapshot; an id may occur once.</summary>
public sealed record RouteSet
{
    /// <summary>Routes.</summary>
    public IReadOnlyList<GatewayRoute> Routes { get; init => field = ValueList<GatewayRoute>.From(value); } = ValueList<GatewayRoute>.Empty;

    /// <summary>Clusters.</summary>
    public IReadOnlyList<Cluster> Clusters { get; init => field = ValueList<Cluster>.From(value); } = ValueList<Cluster>.Empty;

    /// <summary>Policies of every gateway route that does not say otherwise.</summary>
    public IReadOnlyList<IGatewayPolicy> Defaults { get; init => field = ValueList<IGatewayPolicy>.From(value); } = ValueList<IGatewayPolicy>.Empty;

    internal static RouteSet Merge(IEnumerable<RouteSet> sets)
    {
        var all = sets.ToArray();
        return new()
        {
            Routes = [.. all.SelectMany(static set => set.Routes)],
            Clusters = [.. all.SelectMany(static set => set.Clusters)],
            Defaults = [.. all.SelectMany(static set => set.Defaults)],
        };
    }
}
