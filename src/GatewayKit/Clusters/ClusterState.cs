using GatewayKit.Clusters.Affinity;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Clusters;

/// <summary>A cluster at run time: its destinations, how one is picked, its connections.</summary>
internal sealed class ClusterState
{
    private readonly Lock _narrowing = new();
    private volatile IReadOnlyList<DestinationState> _destinations;
    private volatile DestinationSet _candidates;

    public ClusterState(Cluster cluster, IReadOnlyList<DestinationState> destinations, ClusterTransport transport, RetryBudget budget, Balancer? balancer = null)
    {
        (Cluster, _destinations, Transport, Budget) = (cluster, destinations, transport, budget);
        Timeouts = cluster.Timeouts.InEffect(cluster.TriesAgain);

        // With HTTP/2 and 3 requests share connections: there the handler counts streams.
        MostInFlight = cluster.Http.Version.Major == 1 ? cluster.Http.MaxConnections : int.MaxValue;
        Balancer = balancer ?? new(cluster);
        _candidates = Narrow();
    }

    public Cluster Cluster { get; }

    public IReadOnlyList<DestinationState> Destinations => _destinations;

    /// <summary>What keeps the destinations in step with discovery; <see langword="null"/> if the cluster has none.</summary>
    public DiscoveryFollower? Discovery { get; set; }

    public ClusterTransport Transport { get; }

    /// <summary>How a destination is picked.</summary>
    public Balancer Balancer { get; }

    /// <summary>What keeps sessions at their destinations; <see langword="null"/> if nothing does.</summary>
    public SessionAffinity? Affinity { get; init; }

    /// <summary>How many requests may be at one destination at once; more wait.</summary>
    public int MostInFlight { get; }

    /// <summary>The destinations that may be picked now, those with a weight. Whoever watches their health narrows it.</summary>
    public DestinationSet Candidates
    {
        get => _candidates;
        set => _candidates = value;
    }

    /// <summary>Looks again at which destinations may be picked: one has begun or ceased to drain.</summary>
    public void Refresh()
    {
        // One at a time: the last to look sees what all have changed.
        lock (_narrowing)
        {
            Candidates = Narrow();
        }
    }

    /// <summary>Puts destinations in place of those before. What is not among them is not picked any more; its requests finish. One caller at a time.</summary>
    public void SetDestinations(IReadOnlyList<DestinationState> destinations)
    {
        _destinations = destinations;
        Refresh();
    }

    /// <summary>The clocks, with the defaults that fit what the cluster does.</summary>
    public ClusterTimeouts Timeouts { get; }

    /// <summary>Whether <see cref="ClusterTimeouts.Total"/> was asked for and so ends streams too.</summary>
    public bool TotalEndsStreams => Cluster.Timeouts.Total is not null;

    /// <summary>What retries are taken from.</summary>
    public RetryBudget Budget { get; }

    /// <summary>How long half of the attempts take to the head of an answer, in milliseconds.</summary>
    public QuantileEstimate AttemptTime { get; } = new(0.5);

    /// <summary>How long 19 of 20 attempts take to the head of an answer, in milliseconds.</summary>
    public QuantileEstimate SlowAttemptTime { get; } = new(0.95);

    /// <summary>When a destination may be available again; <see langword="null"/> if nobody knows.</summary>
    public TimeSpan? RetryAfter => _candidates is null ? TimeSpan.Zero : null;

    /// <summary>Whether there can be more than one destination, now or when more are found.</summary>
    public bool MayHaveOtherDestinations => Destinations.Count > 1 || Cluster.Discovery is not null;

    /// <summary>Picks a destination and counts the request in; the caller calls <see cref="DestinationState.End"/> once.</summary>
    /// <param name="httpContext">The client's request.</param>
    /// <param name="tried">Destinations that are picked only if no other is there.</param>
    /// <param name="lease">The place at the destination.</param>
    /// <returns>Why there is none.</returns>
    public PickRefusal TryBegin(HttpContext httpContext, in TriedDestinations tried, out DestinationLease lease)
    {
        var candidates = _candidates;
        var bound = default(DestinationState);
        if (Affinity is not null && !Affinity.TryFind(httpContext, _destinations, candidates, tried, out bound))
        {
            lease = default;
            return PickRefusal.NoneHealthy;
        }

        var picked = bound ?? candidates.Pick(httpContext, tried) ?? (tried.IsEmpty ? null : candidates.Pick(httpContext, default));
        if (picked is null)
        {
            lease = default;
            return PickRefusal.NoneHealthy;
        }

        picked.Begin();
        lease = new(picked);
        return PickRefusal.None;
    }

    /// <summary>Whether a destination could take a request.</summary>
    /// <param name="excluded">Destinations that do not count.</param>
    public bool HasCandidate(in TriedDestinations excluded)
    {
        foreach (var candidate in _candidates.Available)
        {
            if (!excluded.Contains(candidate))
            {
                return true;
            }
        }

        return false;
    }

    private DestinationSet Narrow() => new(Destinations, Destinations.Where(static destination => !destination.IsDraining).Select(Candidate.Whole), Balancer);
}
