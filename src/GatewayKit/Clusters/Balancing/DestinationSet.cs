using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// The destinations that may be picked at one moment, with all computed that a pick needs. Made when something changes, by whoever watches the
/// destinations; a pick reads it and allocates nothing. Immutable but for the turns of round robin, which outlive it.
/// </summary>
internal sealed class DestinationSet
{
    // Destinations are few: below this looking at each is as fast as a table.
    private const int FewEnough = 8;

    private readonly DestinationState[] _available;
    private readonly FrozenSet<DestinationState>? _index;
    private readonly Balancer _balancer;
    private readonly DestinationTier[] _tiers;
    private readonly double[] _loads;
    private readonly DestinationState? _only;

    /// <param name="all">The destinations of the cluster. Those that are draining are no longer part of what it could bear.</param>
    /// <param name="available">Those that may be picked, with the weights they have now, whatever their priority and zone.</param>
    /// <param name="balancer">The rules of the cluster.</param>
    public DestinationSet(IEnumerable<DestinationState> all, IEnumerable<Candidate> available, Balancer balancer)
    {
        Candidate[] candidates = [.. available.OrderBy(static candidate => candidate.Destination.Id, StringComparer.OrdinalIgnoreCase)];
        _balancer = balancer;
        _available = Array.ConvertAll(candidates, static candidate => candidate.Destination);
        _index = _available.Length > FewEnough ? _available.ToFrozenSet() : null;
        candidates = Array.FindAll(candidates, static candidate => candidate.Weight > 0);
        Count = candidates.Length;
        if (candidates.Length == 1)
        {
            _only = candidates[0].Destination;
        }

        var members = all.Where(static destination => destination is { Weight: > 0, IsDraining: false }).ToLookup(static destination => destination.Destination.Priority);
        _tiers =
        [
            .. members.Select(static tier => tier.Key).Union(candidates.Select(static candidate => candidate.Destination.Destination.Priority)).Order()
                .Select(priority => new DestinationTier(
                    priority, [.. members[priority]], Array.FindAll(candidates, candidate => candidate.Destination.Destination.Priority == priority), balancer))
                .Where(static tier => tier.Capacity > 0),
        ];
        _loads = Loads(_tiers);
        balancer.Prepare(candidates);
    }

    /// <summary>How many can take a request that is bound to none.</summary>
    public int Count { get; }

    /// <summary>The destinations that may be picked, also those without a weight, which only bound sessions reach.</summary>
    public IReadOnlyList<DestinationState> Available => _available;

    /// <summary>How much of the traffic the tiers get, the first one first; their sum is 1.</summary>
    public IReadOnlyList<double> TierLoads => _loads;

    /// <summary>Whether a destination may serve a session that is bound to it.</summary>
    public bool Contains(DestinationState destination) => _index?.Contains(destination) ?? Array.IndexOf(_available, destination) >= 0;

    /// <summary>Whether there is one that may be picked and is not excluded.</summary>
    public bool HasOther(in TriedDestinations excluded)
    {
        foreach (var destination in _available)
        {
            if (destination.Weight > 0 && !excluded.Contains(destination))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Picks a destination.</summary>
    /// <param name="httpContext">The client's request, which may hold the key to hash.</param>
    /// <param name="excluded">Those that must not be picked: the request was there, or they refuse it.</param>
    /// <returns>The destination; <see langword="null"/> if there is none that is not excluded.</returns>
    public DestinationState? Pick(HttpContext httpContext, in TriedDestinations excluded)
    {
        if (_only is not null || _tiers.Length == 0)
        {
            return _only is null || excluded.Contains(_only) ? null : _only;
        }

        var key = _balancer.Key is { } hashed ? RequestHash.Of(httpContext, hashed) : default;
        var first = _tiers.Length == 1 || _loads[0] >= 1 ? 0 : TierAt(key.IsPresent ? RequestHash.Unit(RequestHash.Mix(key.Home, key.Away)) : _balancer.Random.NextDouble());
        var picked = _tiers[first].Pick(key, excluded);

        // All of that tier failed this request: any other one, the most wanted first.
        for (var i = 0; picked is null && i < _tiers.Length; i++)
        {
            picked = i == first ? null : _tiers[i].Pick(key, excluded);
        }

        return picked;
    }

    // As in Envoy: each tier takes what it could bear of what is left. If all of them together could not, they share in proportion.
    private static double[] Loads(DestinationTier[] tiers)
    {
        var (sum, left, loads) = (Math.Min(1, tiers.Sum(static tier => tier.Capacity)), 1.0, new double[tiers.Length]);
        for (var i = 0; i < tiers.Length; i++)
        {
            loads[i] = Math.Min(left, tiers[i].Capacity / sum);
            left -= loads[i];
        }

        return loads;
    }

    private int TierAt(double point)
    {
        for (var i = 0; i < _loads.Length - 1; i++)
        {
            point -= _loads[i];
            if (point < 0)
            {
                return i;
            }
        }

        return _loads.Length - 1;
    }
}
