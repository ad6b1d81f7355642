namespace GatewayKit.Clusters;

/// <summary>A cluster at run time: its destinations, how one is picked, its connections.</summary>
internal sealed class ClusterState(Cluster cluster, IReadOnlyList<DestinationState> destinations)
{
    public Cluster Cluster { get; } = cluster;

    public IReadOnlyList<DestinationState> Destinations { get; } = destinations;
}
