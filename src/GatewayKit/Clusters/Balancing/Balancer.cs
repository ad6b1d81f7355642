using System.Collections.Concurrent;

namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// How a cluster is balanced: its rule, and what has to outlive both a change of its destinations and a reload. Safe for concurrent use.
/// </summary>
internal sealed class Balancer
{
    private readonly ConcurrentDictionary<(int Priority, char Side), Turn> _turns;
    private readonly LoadBalancing _rule;
    private readonly TimeProvider _time;
    private readonly int _mostPerDestination;

    /// <param name="cluster">The settings.</param>
    /// <param name="zone">The zone that this gateway is in, if that is known.</param>
    /// <param name="previous">The balancer of the same cluster before a reload.</param>
    /// <param name="time">The clock that latencies are measured by. Default the system's.</param>
    /// <param name="random">Where chance comes from. Default the process's.</param>
    public Balancer(Cluster cluster, string? zone = null, Balancer? previous = null, TimeProvider? time = null, Random? random = null)
    {
        (_rule, Zone, _time, Random) = (cluster.LoadBalancing, zone, time ?? TimeProvider.System, random ?? Random.Shared);
        _turns = previous?._turns ?? new();
        _mostPerDestination = cluster.MostInFlightPerDestination;
        Key = _rule is LoadBalancing.ConsistentHash ? cluster.Hash?.Key : null;
        Picker = DestinationPicker.For(cluster, Random, _time);
    }

    public DestinationPicker Picker { get; }

    public Random Random { get; }

    public string? Zone { get; }

    /// <summary>What requests are told apart by; <see langword="null"/> if the rule does not ask.</summary>
    public HashKey? Key { get; }

    /// <summary>The turn of one group of a tier, which goes on when its members change.</summary>
    public Turn TurnOf(int priority, char side) => _turns.GetOrAdd((priority, side), static (_, random) => new((ulong)random.NextInt64()), Random);

    /// <summary>How many requests destinations may have in flight together before what comes goes elsewhere.</summary>
    /// <param name="count">How many destinations.</param>
    public double MostInFlightAt(int count) => _mostPerDestination is int.MaxValue ? double.PositiveInfinity : (double)_mostPerDestination * count;

    /// <summary>Begins to keep what the rule needs to know of destinations.</summary>
    public void Prepare(ReadOnlySpan<Candidate> candidates)
    {
        if (_rule is LoadBalancing.PeakEwma)
        {
            foreach (ref readonly var candidate in candidates)
            {
                candidate.Destination.MeasureLatency(_time);
            }
        }
    }
}
