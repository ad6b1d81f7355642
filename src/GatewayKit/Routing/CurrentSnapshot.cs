namespace GatewayKit.Routing;

/// <summary>The snapshot in force, and the data sources that serve it. One reference, swapped whole.</summary>
internal sealed class CurrentSnapshot
{
    private readonly List<GatewayEndpointDataSource> _dataSources = [];
    private volatile GatewaySnapshot _value = GatewaySnapshot.Empty;

    public GatewaySnapshot Value => _value;

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

        var publications = Array.ConvertAll(dataSources, dataSource => dataSource.Prepare(snapshot));
        _value = snapshot;
        Array.ForEach(publications, static publish => publish());
    }
}
