namespace GatewayKit.Clusters;

/// <summary>A cluster at run time: its destinations, how one is picked, its connections.</summary>
internal sealed class ClusterState
{
    private readonly DestinationPicker _picker;
    private volatile DestinationSet _candidates;

    public ClusterState(Cluster cluster, IReadOnlyList<DestinationState> destinations, ClusterTransport transport)
    {
        (Cluster, Destinations, Transport) = (cluster, destinations, transport);

        // With HTTP/2 and 3 requests share connections: there the handler counts streams.
        MostInFlight = cluster.Http.Version.Major == 1 ? cluster.Http.MaxConnections : int.MaxValue;
        _picker = DestinationPicker.For(cluster.LoadBalancing);
        _candidates = Narrow();
    }

    public Cluster Cluster { get; }

    public IReadOnlyList<DestinationState> Destinations { get; }

    public ClusterTransport Transport { get; }

    /// <summary>How many requests may be at one destination at once; more wait.</summary>
    public int MostInFlight { get; }

    /// <summary>The destinations that may be picked now, those with a weight. Whoever watches their health narrows it.</summary>
    public DestinationSet Candidates
    {
        get => _candidates;
        set => _candidates = value;
    }

    /// <summary>Looks again at which destinations may be picked: one has begun or ceased to drain.</summary>
    public void Refresh() => Candidates = Narrow();

    /// <summary>Picks a destination and counts the request in; the caller calls <see cref="DestinationState.End"/> once.</summary>
    /// <returns>The destination; <see langword="null"/> if none can take a request.</returns>
    public DestinationState? Begin()
    {
        var candidates = _candidates;
        var picked = candidates.Count switch
        {
            0 => null,
            1 => candidates[0],
            _ => _picker.Pick(candidates),
        };
        picked?.Begin();
        return picked;
    }

    private DestinationSet Narrow() => new(Destinations.Where(static destination => !destination.IsDraining));
}
