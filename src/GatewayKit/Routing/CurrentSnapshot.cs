using GatewayKit.Clusters;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.Routing;

/// <summary>The snapshot in force, and the data sources that serve it. One reference, swapped whole.</summary>
internal sealed class CurrentSnapshot(ClusterStates clusterStates, ConsumerDirectory consumers)
{
    private readonly List<GatewayEndpointDataSource> _dataSources = [];
    private volatile GatewaySnapshot _value = GatewaySnapshot.Empty;

    public GatewaySnapshot Value => _value;

    /// <summary>What was mapped.</summary>
    public MappedRoutes Mapped
    {
        get
        {
            var dataSources = DataSources;
            var mappings = dataSources.SelectMany(static dataSource => dataSource.Mappings).ToArray();
            var fromConfiguration = Array.FindAll(mappings, static mapping => !mapping.IsCode);
            return new(
                [.. dataSources.SelectMany(static dataSource => dataSource.CodeRoutes)],
                dataSources.SelectMany(static dataSource => dataSource.PrefixParameters).ToHashSet(StringComparer.OrdinalIgnoreCase),
                fromConfiguration.Length > 0,
                fromConfiguration.Length > 0 && Array.TrueForAll(fromConfiguration, static mapping => mapping.IsConditional));
        }
    }

    private GatewayEndpointDataSource[] DataSources
    {
        get
        {
            lock (_dataSources)
            {
                return [.. _dataSources];
            }
        }
    }

    public void Add(GatewayEndpointDataSource dataSource)
    {
        lock (_dataSources)
        {
            _dataSources.Add(dataSource);
        }
    }

    /// <summary>Builds all endpoints of a coming snapshot. Nothing is in force yet.</summary>
    /// <exception cref="InvalidOperationException">An endpoint cannot be built.</exception>
    public PreparedSnapshot Prepare(GatewaySnapshot snapshot) =>
        new(snapshot, Array.ConvertAll(DataSources, dataSource => dataSource.Prepare(snapshot)));

    /// <summary>Puts a prepared snapshot in force.</summary>
    /// <exception cref="AggregateException">Something of the host that listens to endpoints failed. The snapshot is in force all the same.</exception>
    public void Swap(PreparedSnapshot prepared)
    {
        _value = prepared.Snapshot;

        // Before the endpoints that go by them.
        consumers.PutInForce(prepared.Snapshot.Catalog);
        try
        {
            using var pace = ReloadPace.Watch();
            prepared.Publish();
        }
        finally
        {
            clusterStates.PutInForce(prepared.Snapshot.ClusterStates);
        }
    }
}
