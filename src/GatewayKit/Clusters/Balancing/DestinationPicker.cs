namespace GatewayKit.Clusters.Balancing;

/// <summary>A rule of load balancing. Safe for concurrent use; allocates nothing.</summary>
internal abstract class DestinationPicker
{
    public static DestinationPicker For(Cluster cluster, Random random, TimeProvider time)
    {
        var twoChoices = new PowerOfTwoChoicesPicker(random);
        return cluster.LoadBalancing switch
        {
            LoadBalancing.RoundRobin => new RoundRobinPicker(),
            LoadBalancing.LeastRequests => new LeastRequestsPicker(random),
            LoadBalancing.Random => new RandomPicker(random),
            LoadBalancing.First => new FirstPicker(random),
            LoadBalancing.PeakEwma => new PeakEwmaPicker(random, time),
            LoadBalancing.ConsistentHash => new ConsistentHashPicker(cluster.Hash?.BoundedLoad ?? ClusterHash.DefaultBoundedLoad, twoChoices),
            _ => twoChoices,
        };
    }

    /// <summary>Picks among two candidates at least.</summary>
    /// <param name="group">The candidates.</param>
    /// <param name="key">What the request is told apart by, if the cluster hashes.</param>
    /// <param name="excluded">Those that must not be picked.</param>
    /// <returns>The index of one that is not excluded; -1 if all are.</returns>
    public abstract int Pick(CandidateGroup group, in RequestHash key, in TriedDestinations excluded);
}
