using System.Diagnostics;

namespace GatewayKit.Clusters.Discovery;

/// <summary>Makes the watches of clusters that say where their destinations are found.</summary>
internal sealed class DestinationWatches(DestinationSources sources, DestinationCheck check, DiscoveryTelemetry telemetry, TimeProvider time)
{
    /// <summary>Has a cluster follow its discovery, if it has one: by the watch of its predecessor, if that asks the same.</summary>
    /// <param name="state">The cluster.</param>
    /// <param name="previous">What it was before.</param>
    /// <param name="joined">Told of destinations that were not there before.</param>
    /// <param name="left">Told of destinations that are not found any more.</param>
    public DiscoveryFollower? Follow(ClusterState state, ClusterState? previous, Action<DestinationState> joined, Action<DestinationState> left)
    {
        if (state.Cluster.Discovery is not { } discovery)
        {
            return null;
        }

        var watch = previous?.Discovery?.Watch;
        if (watch is null || watch.Settings != discovery)
        {
            watch = Create(state.Cluster.Id, discovery, watch);
        }

        var follower = new DiscoveryFollower(state, watch, previous?.Discovery?.Known ?? previous?.Destinations ?? [], check, joined, left, telemetry);
        follower.Follow();
        return follower;
    }

    /// <summary>Waits until the watches of clusters have answered for the first time, as long as each allows.</summary>
    /// <returns>The clusters that cannot do without and have nothing, and why.</returns>
    public IReadOnlyList<(Cluster Cluster, string Message)> AwaitFirst(IEnumerable<ClusterState> states)
    {
        var waiting = states.Where(static state => state.Discovery is { Watch.First.IsCompleted: false }).ToArray();
        if (waiting.Length == 0)
        {
            return [];
        }

        // At start, or on the thread of a reload: nobody else is held up.
        Task.WhenAll(waiting.Select(state => WaitAsync(state.Discovery!.Watch))).GetAwaiter().GetResult();
        var missing = new List<(Cluster, string)>();
        foreach (var state in waiting)
        {
            var watch = state.Discovery!.Watch;
            if (watch.Settings is { Required: true } settings && watch.Found.Count == 0)
            {
                missing.Add((state.Cluster, $"{settings.Source} found no destination for '{settings.Name}' within {settings.StartTimeout:c}"
                    + $"{(watch.Failure is { } failure ? $": {failure.Message.TrimEnd('.')}" : string.Empty)}. Correct the name, or set {nameof(settings.Required)} to false to start without."));
            }
            else if (!watch.First.IsCompleted)
            {
                telemetry.Unanswered(state.Cluster.Id, watch.Settings);
            }
        }

        return missing;
    }

    private async Task WaitAsync(DestinationWatch watch) =>
        await watch.First.WaitAsync(watch.Settings.StartTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private DestinationWatch Create(string clusterId, ClusterDiscovery discovery, DestinationWatch? former)
    {
        var source = sources.Find(discovery.Source) ?? throw new UnreachableException("Names of sources are checked before.");
        var isSameQuestion = former is not null && former.Settings.Name == discovery.Name && string.Equals(former.Settings.Source, discovery.Source, StringComparison.OrdinalIgnoreCase);
        return new(clusterId, discovery, source, isSameQuestion ? former!.Found : ValueMap<Destination>.Empty, telemetry, time, Random.Shared.NextDouble);
    }
}
