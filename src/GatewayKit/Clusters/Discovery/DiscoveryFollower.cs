namespace GatewayKit.Clusters.Discovery;

/// <summary>What is wrong with a destination that a source found; <see langword="null"/> if it may be used like one of the configuration.</summary>
internal delegate string? DestinationCheck(string id, Destination destination, ClusterHttp http);

/// <summary>Keeps the destinations of a cluster in step with what a watch finds. What stays keeps its state; what leaves drains.</summary>
internal sealed class DiscoveryFollower(
    ClusterState state, DestinationWatch watch, IReadOnlyList<DestinationState> former, DestinationCheck check, Action<DestinationState> joined, Action<DestinationState> left,
    DiscoveryTelemetry telemetry)
{
    private IReadOnlyList<DestinationState> _former = former;

    public DestinationWatch Watch { get; } = watch;

    /// <summary>The destinations, and while nothing was found those of the states before: what is found may be one of them.</summary>
    public IReadOnlyList<DestinationState> Known => [.. state.Destinations, .. _former];

    public void Follow() => Watch.Follow(this);

    public void Leave() => Watch.Leave(this);

    /// <summary>Called by the watch, one at a time.</summary>
    public void Update(ValueMap<Destination> found)
    {
        var cluster = state.Cluster;
        var all = cluster.Destinations.ToList();
        foreach (var (id, destination) in found)
        {
            // What the configuration says about an id counts.
            if (cluster.Destinations.ContainsKey(id))
            {
                continue;
            }

            if (check(id, destination, cluster.Http) is { } fault)
            {
                telemetry.Refused(cluster.Id, id, fault);
                continue;
            }

            // Whoever asks for the client's Host wants that and not the name; the name stays what certificates must say.
            all.Add(new(id, cluster.HostHeader is HostHeader.Original ? destination with { Host = null } : destination));
        }

        var before = state.Destinations;
        var after = DestinationStates.Of(all, Known);
        if (found.Count > 0)
        {
            _former = [];
        }

        Others(after, before).ForEach(joined);
        try
        {
            state.SetDestinations(after);
        }
        finally
        {
            Others(before, after).ForEach(left);
        }
    }

    private static List<DestinationState> Others(IReadOnlyList<DestinationState> of, IReadOnlyList<DestinationState> than)
    {
        var known = than.ToDictionary(static destination => destination.Id, StringComparer.Ordinal);
        return [.. of.Where(destination => !known.TryGetValue(destination.Id, out var same) || !same.IsSameAs(destination))];
    }
}
