using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Clusters;

/// <summary>
/// Looks at the clusters in force and takes destinations out of use by hand, from the host's own code. What is said here holds for this
/// process, over reloads, until the destination leaves the configuration. Safe for concurrent use.
/// </summary>
public sealed class GatewayClusters
{
    private readonly ClusterStates _states;
    private readonly DestinationDrains _drains;

    internal GatewayClusters(ClusterStates states, DestinationDrains drains) => (_states, _drains) = (states, drains);

    /// <summary>What is known of every cluster now, by id.</summary>
    public IReadOnlyList<ClusterStatus> GetAll() =>
        [.. _states.InForce.Values.OrderBy(static state => state.Cluster.Id, StringComparer.OrdinalIgnoreCase).Select(StatusOf)];

    /// <summary>What is known of a cluster now.</summary>
    /// <param name="clusterId">Its id; case is ignored.</param>
    /// <exception cref="ArgumentException">There is no such cluster; the message has the nearest name.</exception>
    public ClusterStatus Get(string clusterId) => StatusOf(Find(clusterId));

    /// <summary>
    /// Lets a destination finish: it gets no new requests but those of sessions that are bound to it, and what it has runs to its end. At the limit
    /// bound sessions move on too, WebSockets are closed with status 1001, event streams end after a whole event, and idle connections are closed.
    /// </summary>
    /// <param name="clusterId">The cluster; case is ignored.</param>
    /// <param name="destinationId">The destination.</param>
    /// <param name="limit">From now; zero to a day. Default <see cref="GatewayOptions.DestinationDrainLimit"/>. A second call sets it anew.</param>
    /// <exception cref="ArgumentException">There is no such cluster or destination; the message has the nearest name.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is outside its range.</exception>
    public void Drain(string clusterId, string destinationId, TimeSpan? limit = null)
    {
        if (limit is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(given, TimeSpan.Zero, nameof(limit));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(given, TimeSpan.FromDays(1), nameof(limit));
        }

        var cluster = Find(clusterId);
        _drains.Begin(_states, cluster.Cluster.Id, Find(cluster, destinationId), limit);
        LookAgain(cluster);
    }

    /// <summary>Puts a destination back into use. Harmless if it is in use.</summary>
    /// <param name="clusterId">The cluster; case is ignored.</param>
    /// <param name="destinationId">The destination.</param>
    /// <exception cref="ArgumentException">There is no such cluster or destination; the message has the nearest name.</exception>
    public void Undrain(string clusterId, string destinationId)
    {
        var cluster = Find(clusterId);
        _drains.End(cluster.Cluster.Id, Find(cluster, destinationId));
        LookAgain(cluster);
    }

    /// <summary>
    /// Takes a destination out of use at once: it gets no requests, not even those of sessions that are bound to it, until <see cref="Close"/>. Those in flight
    /// run to their end. No health check and no panic overrules it.
    /// </summary>
    /// <param name="clusterId">The cluster; case is ignored.</param>
    /// <param name="destinationId">The destination.</param>
    /// <exception cref="ArgumentException">There is no such cluster or destination; the message has the nearest name.</exception>
    public void Isolate(string clusterId, string destinationId)
    {
        var cluster = Find(clusterId);
        if (Find(cluster, destinationId).Health is { } health)
        {
            cluster.Vitals!.Telemetry.Isolated(cluster.Cluster.Id, health, health.Circuit.State);
            health.Circuit.Isolate();
            cluster.Refresh();
        }
    }

    /// <summary>Closes the circuit of a destination, whatever opened it: an isolation, failures, or that others did better. What comes of its requests may open it again.</summary>
    /// <param name="clusterId">The cluster; case is ignored.</param>
    /// <param name="destinationId">The destination.</param>
    /// <exception cref="ArgumentException">There is no such cluster or destination; the message has the nearest name.</exception>
    public void Close(string clusterId, string destinationId)
    {
        var cluster = Find(clusterId);
        if (Find(cluster, destinationId).Health is { } health)
        {
            cluster.Vitals!.Telemetry.Closed(cluster.Cluster.Id, health, health.Circuit.State);
            health.Circuit.Close();
            cluster.Refresh();
        }
    }

    // A reload may be about to put another state in its place, which has the same destinations.
    private static void LookAgain(ClusterState cluster)
    {
        cluster.Vitals!.Invalidate();
        cluster.Refresh();
    }

    private static ClusterStatus StatusOf(ClusterState state) => new()
    {
        Id = state.Cluster.Id,
        IsPanic = state.Availability.IsPanic,
        Destinations = [.. state.Destinations.Select(destination => StatusOf(destination, state.Candidates))],
    };

    private static DestinationStatus StatusOf(DestinationState state, DestinationSet candidates) => new()
    {
        Id = state.Id,
        Address = state.Destination.Address,
        InFlight = state.InFlight,
        IsDraining = state.IsDraining,
        Health = state.Health?.StatusOf(!state.IsDraining && state.Weight > 0 && candidates.Contains(state)) ?? new(),
    };

    private static DestinationState Find(ClusterState cluster, string destinationId)
    {
        ArgumentNullException.ThrowIfNull(destinationId);
        return cluster.Destinations.FirstOrDefault(state => state.Id == destinationId)
            ?? throw new ArgumentException($"Cluster '{cluster.Cluster.Id}' has no destination '{destinationId}'.{Meant(destinationId, cluster.Destinations.Select(static state => state.Id))}", nameof(destinationId));
    }

    private static string Meant(string id, IEnumerable<string> known) => NearestName.Of(id, known) is { } nearest ? $" Did you mean '{nearest}'?" : string.Empty;

    private ClusterState Find(string clusterId)
    {
        ArgumentNullException.ThrowIfNull(clusterId);
        var known = _states.InForce;
        return known.GetValueOrDefault(clusterId)
            ?? throw new ArgumentException($"There is no cluster '{clusterId}'.{Meant(clusterId, known.Keys)}", nameof(clusterId));
    }
}
