using GatewayKit.Clusters.Affinity;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Clusters.Health;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Clusters;

/// <summary>A cluster at run time: its destinations, how one is picked, its connections.</summary>
internal sealed class ClusterState
{
    private readonly Lock _narrowing = new();
    private volatile IReadOnlyList<DestinationState> _destinations;
    private volatile Availability _available;
    private int _changes;

    public ClusterState(
        Cluster cluster, IReadOnlyList<DestinationState> destinations, ClusterTransport transport, RetryBudget budget, Balancer? balancer = null, ClusterVitals? vitals = null)
    {
        (Cluster, _destinations, Transport, Budget, Vitals) = (cluster, destinations, transport, budget, vitals);
        Timeouts = cluster.Timeouts.InEffect(cluster.TriesAgain);

        MostInFlight = cluster.MostInFlightPerDestination;
        Balancer = balancer ?? new(cluster);
        if (vitals is not null)
        {
            vitals.Equip(cluster, destinations);
            vitals.Changed += Invalidate;
        }

        _available = Narrow();
    }

    public Cluster Cluster { get; }

    public IReadOnlyList<DestinationState> Destinations => _destinations;

    /// <summary>What keeps the destinations in step with discovery; <see langword="null"/> if the cluster has none.</summary>
    public DiscoveryFollower? Discovery { get; set; }

    public ClusterTransport Transport { get; }

    /// <summary>How a destination is picked.</summary>
    public Balancer Balancer { get; }

    /// <summary>What keeps sessions at their destinations; <see langword="null"/> if nothing does.</summary>
    public SessionAffinity? Affinity
    {
        get;
        init
        {
            field = value;
            value?.Follow(_destinations);
        }
    }

    /// <summary>What watches the health of the destinations; <see langword="null"/> if nobody does.</summary>
    public ClusterVitals? Vitals { get; }

    /// <summary>The places for requests at all destinations together; <see langword="null"/> if there is no limit.</summary>
    public ClusterBulkhead? Bulkhead { get; init; }

    /// <summary>What sends on only a part of the requests while the cluster fails; <see langword="null"/> if nothing does.</summary>
    public ClusterAdmission? Admission { get; init; }

    /// <summary>How many requests may be at one destination at once; more wait.</summary>
    public int MostInFlight { get; }

    /// <summary>The destinations that may be picked now.</summary>
    public DestinationSet Candidates => Availability.Set;

    /// <summary>The same, with why there is none.</summary>
    public Availability Availability => IsOver(_available) ? Renew() : _available;

    /// <summary>Looks again at which destinations may be picked.</summary>
    public Availability Refresh()
    {
        // One at a time: the last to look sees what all have changed.
        lock (_narrowing)
        {
            var seen = Volatile.Read(ref _changes);
            var after = Narrow();
            _available = after;
            if (Volatile.Read(ref _changes) != seen)
            {
                // What changed meanwhile may have been missed.
                after.Expire();
            }

            if (Vitals is { } vitals && vitals.Current == this)
            {
                vitals.NotePanic(after.IsPanic, after);
            }

            return after;
        }
    }

    /// <summary>Puts destinations in place of those before. What is not among them is not picked any more; its requests finish. One caller at a time.</summary>
    public void SetDestinations(IReadOnlyList<DestinationState> destinations)
    {
        Vitals?.Equip(Cluster, destinations);
        _destinations = destinations;
        Affinity?.Follow(destinations);
        Refresh();
        Vitals?.DestinationsChanged(this);
    }

    /// <summary>No snapshot needs it any more. Requests that have it still finish.</summary>
    public void Retire()
    {
        Discovery?.Leave();
        if (Vitals is not null)
        {
            Vitals.Changed -= Invalidate;
        }
    }

    /// <summary>The clocks, with the defaults that fit what the cluster does.</summary>
    public ClusterTimeouts Timeouts { get; }

    /// <summary>Whether <see cref="ClusterTimeouts.Total"/> was asked for and so ends streams too.</summary>
    public bool TotalEndsStreams => Cluster.Timeouts.Total is not null;

    /// <summary>What retries are taken from.</summary>
    public RetryBudget Budget { get; }

    /// <summary>The share of the requests that hedges are taken from; <see langword="null"/> if there are none.</summary>
    public RetryBudget? HedgeShare { get; init; }

    /// <summary>How long half of the attempts take to the head of an answer, in milliseconds.</summary>
    public QuantileEstimate AttemptTime { get; } = new(0.5);

    /// <summary>How long 19 of 20 attempts take to the head of an answer, in milliseconds.</summary>
    public QuantileEstimate SlowAttemptTime { get; } = new(0.95);

    /// <summary>When a destination may be available again; <see langword="null"/> if nobody knows.</summary>
    public TimeSpan? RetryAfter => CircuitWait.Of(_destinations);

    /// <summary>Whether there can be more than one destination, now or when more are found.</summary>
    public bool MayHaveOtherDestinations => Destinations.Count > 1 || Cluster.Discovery is not null;

    /// <summary>Picks a destination and counts the request in; the caller calls <see cref="DestinationState.End"/> once.</summary>
    /// <param name="httpContext">The client's request.</param>
    /// <param name="tried">Destinations that are picked only if no other is there.</param>
    /// <param name="lease">The place at the destination.</param>
    /// <param name="mustGoElsewhere">Whether those are not picked even then.</param>
    /// <returns>Why there is none.</returns>
    public PickRefusal TryBegin(HttpContext httpContext, in TriedDestinations tried, out DestinationLease lease, bool mustGoElsewhere = false)
    {
        var available = Availability;
        Vitals?.NoteRequest();
        var bound = default(DestinationState);
        if (Affinity is not null && !Affinity.TryFind(httpContext, available.Set, tried, out bound))
        {
            lease = default;
            return PickRefusal.NoneHealthy;
        }

        var picked = bound ?? available.Set.Pick(httpContext, tried) ?? (tried.IsEmpty || mustGoElsewhere ? null : available.Set.Pick(httpContext, default));
        if (picked is null || (mustGoElsewhere && tried.Contains(picked)))
        {
            lease = default;
            return available.Refusal;
        }

        if (TryLease(picked, available, out lease))
        {
            return PickRefusal.None;
        }

        return bound is null || Affinity!.Release(httpContext)
            ? TryElsewhere(available, httpContext, tried, mustGoElsewhere, picked, out lease)
            : PickRefusal.CircuitsOpen;
    }

    /// <summary>Whether a destination could take a request.</summary>
    /// <param name="excluded">Destinations that do not count.</param>
    public bool HasCandidate(in TriedDestinations excluded) => Candidates.HasOther(excluded);

    private bool IsOver(Availability available) => Vitals is not null && available.IsOver(Vitals.Time);

    // Of many requests that find it over, the first looks and the others take what it found.
    private Availability Renew()
    {
        lock (_narrowing)
        {
            return IsOver(_available) ? Refresh() : _available;
        }
    }

    // Rare: a circuit that has just opened, or that lets a few calls through and has enough of them. Those that the request was at come last.
    private static PickRefusal TryElsewhere(Availability available, HttpContext httpContext, in TriedDestinations tried, bool mustGoElsewhere, DestinationState refused, out DestinationLease lease)
    {
        var (refusing, excluded, picked) = (default(TriedDestinations), tried, refused);
        while (true)
        {
            // Asked once each: a circuit that draws whom it lets through must not be asked until it does.
            refusing.Add(picked);
            excluded.Add(picked);
            picked = available.Set.Pick(httpContext, excluded) ?? (mustGoElsewhere ? null : available.Set.Pick(httpContext, refusing));
            if (picked is null)
            {
                lease = default;
                return PickRefusal.CircuitsOpen;
            }

            if (TryLease(picked, available, out lease))
            {
                return PickRefusal.None;
            }
        }
    }

    // Counts the request in, unless the circuit refuses it.
    private static bool TryLease(DestinationState picked, Availability available, out DestinationLease lease)
    {
        if (picked.Health is not { } health)
        {
            lease = new(picked);
        }
        else if (health.Circuit is var circuit && circuit.TryEnter(out var permit, available.IsRecovering))
        {
            lease = new(picked, circuit, permit);
        }
        else
        {
            lease = default;
            return false;
        }

        picked.Begin();
        return true;
    }

    private void Invalidate()
    {
        Interlocked.Increment(ref _changes);
        _available.Expire();
    }

    private Availability Narrow() => AvailabilityRule.Of(this);
}
