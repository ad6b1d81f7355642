using GatewayKit.Clusters.Affinity;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Clusters.Health;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Admission;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Options;

namespace GatewayKit.Clusters;

/// <summary>
/// Makes the run-time states of a snapshot's clusters, taking over from the one before what did not change, and lets go of what no
/// snapshot needs any more.
/// </summary>
internal sealed class ClusterStates(
    UpstreamHandlers handlers, DestinationDrains drains, DestinationWatches watches, SessionAffinities affinities, HealthWatch watch, TimeProvider time, IOptions<GatewayOptions> options,
    Bulkheads bulkheads, BulkheadMetrics bulkheadMetrics, Admissions admissions, AdmissionMetrics admissionMetrics) : IDisposable
{
    private IReadOnlyDictionary<string, ClusterState> _inForce = new Dictionary<string, ClusterState>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The states of the snapshot in force.</summary>
    public IReadOnlyDictionary<string, ClusterState> InForce => Volatile.Read(ref _inForce);

    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate file of a cluster is unusable.</exception>
    /// <exception cref="IOException">A certificate file of a cluster cannot be read.</exception>
    public IReadOnlyDictionary<string, ClusterState> Build(IReadOnlyDictionary<string, ClusterState> previous, IEnumerable<Cluster> clusters)
    {
        var states = new Dictionary<string, ClusterState>(StringComparer.OrdinalIgnoreCase);
        try
        {
            foreach (var cluster in clusters)
            {
                var known = previous.GetValueOrDefault(cluster.Id);
                states.Add(cluster.Id, known is not null && known.Cluster == cluster ? known : Create(cluster, known));
            }
        }
        catch
        {
            Retire(states, previous);
            throw;
        }

        return states;
    }

    /// <summary>The state of a cluster that no configuration has, at one address and over connections that it shares with others like it.</summary>
    public ClusterState CreateApart(Cluster cluster, ClusterTransport transport) =>
        new(cluster, DestinationStates.Of(cluster.Destinations, []), transport, new RetryBudget(new(), time), vitals: watch.VitalsOf(cluster.Id))
        {
            Bulkhead = new(cluster.Limits, bulkheads.ForCluster(cluster.Id), bulkheadMetrics, time),
        };

    /// <summary>The same for one request: there is nobody to learn from its failures, and nobody to share a limit with.</summary>
    public ClusterState CreateUnwatched(Cluster cluster, ClusterTransport transport) =>
        new(cluster, DestinationStates.Of(cluster.Destinations, []), transport, new RetryBudget(new(), time));

    /// <summary>Puts states in force. Connections that only the former ones used are closed when their last request is done.</summary>
    public void PutInForce(IReadOnlyDictionary<string, ClusterState> states)
    {
        var former = Interlocked.Exchange(ref _inForce, states);
        foreach (var state in former.Values)
        {
            var next = states.GetValueOrDefault(state.Cluster.Id);
            if (next == state)
            {
                continue;
            }

            // One that only changed its settings is still there, and what is open to it stays.
            var kept = next?.Destinations.ToDictionary(static destination => destination.Id, StringComparer.Ordinal);
            foreach (var destination in state.Destinations)
            {
                if (kept?.TryGetValue(destination.Id, out var known) is not true || !known.IsSameAs(destination))
                {
                    drains.Leave(this, state.Cluster.Id, destination);
                }
            }
        }

        foreach (var state in states.Values)
        {
            if (state.Vitals?.Current != state)
            {
                // While this was made, those before it may have lost what it has.
                foreach (var destination in state.Destinations)
                {
                    drains.Return(state.Cluster.Id, destination);
                }

                state.Vitals?.Enter(state);
            }
        }

        foreach (var state in former.Values)
        {
            if (!states.ContainsKey(state.Cluster.Id))
            {
                state.Vitals?.Leave();
            }
        }

        Retire(former, states);
    }

    /// <summary>Gives up states that never came into force.</summary>
    public void Discard(IReadOnlyDictionary<string, ClusterState> states) => Retire(states, InForce);

    /// <summary>Waits until what clusters discover was looked up once.</summary>
    /// <returns>The clusters that cannot do without and have nothing, and why.</returns>
    public IReadOnlyList<(Cluster Cluster, string Message)> AwaitDiscovery(IReadOnlyDictionary<string, ClusterState> states) => watches.AwaitFirst(states.Values);

    public void Dispose()
    {
        var former = Interlocked.Exchange(ref _inForce, new Dictionary<string, ClusterState>());
        foreach (var state in former.Values)
        {
            state.Vitals?.Leave();
        }

        Retire(former, _inForce);
    }

    private static void Retire(IReadOnlyDictionary<string, ClusterState> states, IReadOnlyDictionary<string, ClusterState> kept)
    {
        var (stays, transports) = (kept.Values.ToHashSet(), kept.Values.Select(static state => state.Transport).ToHashSet());
        foreach (var state in states.Values)
        {
            if (!transports.Contains(state.Transport))
            {
                state.Transport.Retire();
            }

            if (!stays.Contains(state))
            {
                state.Retire();
            }
        }
    }

    private static bool SharesConnections(Cluster one, Cluster other) =>
        one.Http == other.Http && one.Tls == other.Tls && one.HostHeader == other.HostHeader && one.Timeouts.Connect == other.Timeouts.Connect
        && (one.HostHeader is HostHeader.Destination || (one.Discovery?.Name == other.Discovery?.Name && NamesOf(one).SetEquals(NamesOf(other))));

    // What the connections were told to expect in certificates.
    private static HashSet<(string, string)> NamesOf(Cluster cluster) =>
        [.. cluster.Destinations.Values.Where(static destination => destination.Host is not null).Select(static destination => (destination.Address.Authority, destination.Host!))];

    private ClusterState Create(Cluster cluster, ClusterState? previous)
    {
        var transport = previous is not null && SharesConnections(previous.Cluster, cluster)
            ? previous.Transport
            : new ClusterTransport(handlers.For(cluster));
        var settings = cluster.Retry?.Budget ?? new();
        var budget = previous is not null && (previous.Cluster.Retry?.Budget ?? new()) == settings ? previous.Budget : new RetryBudget(settings, time);
        var balancer = new Balancer(cluster, options.Value.Zone, previous?.Balancer, time);
        var vitals = previous?.Vitals ?? watch.VitalsOf(cluster.Id);
        var state = new ClusterState(cluster, DestinationStates.Of(cluster.Destinations, previous?.Destinations ?? []), transport, budget, balancer, vitals)
        {
            Affinity = affinities.For(cluster, previous),
            HedgeShare = cluster.Hedging is not { MaxPercent: var percent } ? null
                : previous is { HedgeShare: { } share, Cluster.Hedging: { } before } && before.MaxPercent == percent ? share
                : new RetryBudget(new() { Ratio = percent / 100, MinPerSecond = 0 }, time),
            Bulkhead = cluster.Limits.Mode is PolicyMode.Off ? null : new(cluster.Limits, bulkheads.ForCluster(cluster.Id), bulkheadMetrics, time),
            Admission = cluster.Admission is { Mode: not PolicyMode.Off } admission ? new(admission, admissions.ForCluster(cluster.Id, admission), admissionMetrics) : null,
        };
        state.Discovery = watches.Follow(state, previous, destination => Join(state, destination), destination => Leave(state.Cluster.Id, destination));
        return state;
    }

    // Before a state is in force it has destinations in common with the one that is. What is true of them is decided when it comes into force, if it does.
    private void Join(ClusterState state, DestinationState destination)
    {
        if (InForce.GetValueOrDefault(state.Cluster.Id) == state)
        {
            drains.Return(state.Cluster.Id, destination);
        }
    }

    // Asks what is in force now and not who lost it: the two may just have changed places.
    private void Leave(string clusterId, DestinationState destination)
    {
        if (InForce.GetValueOrDefault(clusterId)?.Destinations.Any(destination.IsSameAs) is not true)
        {
            drains.Leave(this, clusterId, destination);
        }
    }
}
