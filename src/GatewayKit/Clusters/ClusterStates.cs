namespace GatewayKit.Clusters;

/// <summary>Makes the run-time states of a snapshot's clusters, taking over from the one before what did not change.</summary>
internal sealed class ClusterStates
{
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "Placeholder until it owns transports.")]
    public IReadOnlyDictionary<string, ClusterState> Build(IReadOnlyDictionary<string, ClusterState> previous, IEnumerable<Cluster> clusters)
    {
        var states = new Dictionary<string, ClusterState>(StringComparer.OrdinalIgnoreCase);
        foreach (var cluster in clusters)
        {
            var known = previous.GetValueOrDefault(cluster.Id);
            states.Add(cluster.Id, known is not null && known.Cluster == cluster ? known : Create(cluster, known));
        }

        return states;
    }

    private static ClusterState Create(Cluster cluster, ClusterState? previous) =>
        new(cluster, [.. cluster.Destinations.Select(entry =>
            previous?.Destinations.FirstOrDefault(state => state.Id == entry.Key && state.Destination == entry.Value)
            ?? new DestinationState(entry.Key, entry.Value))]);
}
