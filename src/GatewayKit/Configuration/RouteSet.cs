using GatewayKit.Clusters;
using GatewayKit.Identity.Consumers;
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

    /// <summary>What subscriptions grant.</summary>
    public IReadOnlyList<Plan> Plans { get; init => field = ValueList<Plan>.From(value); } = ValueList<Plan>.Empty;

    /// <summary>Routes that are offered together, to subscribers.</summary>
    public IReadOnlyList<Product> Products { get; init => field = ValueList<Product>.From(value); } = ValueList<Product>.Empty;

    /// <summary>Who may call, beside those that stores know (<see cref="IConsumerStore"/>).</summary>
    public IReadOnlyList<Consumer> Consumers { get; init => field = ValueList<Consumer>.From(value); } = ValueList<Consumer>.Empty;

    internal static RouteSet Merge(IEnumerable<RouteSet> sets)
    {
        var all = sets.ToArray();
        return new()
        {
            Routes = [.. all.SelectMany(static set => set.Routes)],
            Clusters = [.. all.SelectMany(static set => set.Clusters)],
            Defaults = [.. all.SelectMany(static set => set.Defaults)],
            Plans = [.. all.SelectMany(static set => set.Plans)],
            Products = [.. all.SelectMany(static set => set.Products)],
            Consumers = [.. all.SelectMany(static set => set.Consumers)],
        };
    }
}
