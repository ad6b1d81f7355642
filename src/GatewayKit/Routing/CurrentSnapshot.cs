using GatewayKit.Clusters;

namespace GatewayKit.Routing;

/// <summary>The snapshot in force, and the data sources that serve it. One reference, swapped whole.</summary>
internal sealed class CurrentSnapshot(ClusterStates clusterStates)
{
    private readonly List<GatewayEndpointDataSource> _dataSources = [];
    private volatile GatewaySnapshot _value = GatewaySnapshot.Empty;

    public GatewaySnapshot Value => _value;

    /// <summary>The routes that were mapped in code.</summary>
    public IReadOnlyList<GatewayRoute> CodeRoutes
    {
        get
        {
            lock (_dataSources)
            {
                return [.. _dataSources.SelectMany(static dataSource => dataSource.CodeRoutes)];
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

    /// <summary>Puts a snapshot in force: builds all endpoints first, so that a policy that cannot be composed leaves the old one in force.</summary>
    public void Swap(GatewaySnapshot snapshot)
    {
        GatewayEndpointDataSource[] dataSources;
        lock (_dataSources)
        {
            dataSources = [.. _dataSources];
        }

        Action[] publications;
        try
        {
            publications = Array.ConvertAll(dataSources, dataSource => dataSource.Prepare(snapshot));
        }
        catch
        {
            clusterStates.Discard(snapshot.ClusterStates);
            throw;
        }

        _value = snapshot;
        Array.ForEach(publications, static publish => publish());
        clusterStates.PutInForce(snapshot.ClusterStates);
    }
}
