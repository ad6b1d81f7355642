namespace GatewayKit.Clusters.Balancing;

/// <summary>Candidates of one tier, or of one side of it, among which a rule picks. Immutable but for the turn of round robin.</summary>
internal sealed class CandidateGroup
{
    private readonly Candidate[] _candidates;
    private readonly Turn _turn;
    private TurnOrder? _order;
    private readonly Lazy<HashPlaces> _places;

    /// <param name="candidates">At least one, each with a weight of more than 0.</param>
    /// <param name="turn">The turn of the group, which outlives it.</param>
    public CandidateGroup(IEnumerable<Candidate> candidates, Turn turn)
    {
        (_candidates, _turn) = ([.. candidates], turn);
        Line = new(Array.ConvertAll(_candidates, static candidate => candidate.Weight));
        _places = new(() => new(this));
    }

    public int Count => _candidates.Length;

    public WeightLine Line { get; }

    /// <summary>Where keys belong. Made by the first pick that asks; the others wait for it, because a table is large.</summary>
    public HashPlaces Places => _places.Value;

    public ref readonly Candidate this[int index] => ref _candidates[index];

    /// <summary>Requests in flight at all of them.</summary>
    public long InFlight
    {
        get
        {
            var sum = 0L;
            foreach (ref readonly var candidate in _candidates.AsSpan())
            {
                sum += candidate.Destination.InFlight;
            }

            return sum;
        }
    }

    /// <summary>The next in turn.</summary>
    public int NextInTurn() => (Volatile.Read(ref _order) ?? Interlocked.CompareExchange(ref _order, new(Line), null) ?? _order).At(_turn.Next());

    /// <summary>Draws one that is not excluded, each with the chance of its weight.</summary>
    /// <returns>Its index; -1 if all are excluded.</returns>
    public int Draw(Random random, in TriedDestinations excluded)
    {
        if (excluded.IsEmpty)
        {
            return Line.Draw(random);
        }

        // Rare: a request that failed elsewhere.
        var (total, last) = (0.0, -1);
        for (var i = 0; i < _candidates.Length; i++)
        {
            total += excluded.Contains(_candidates[i].Destination) ? 0 : Line[i];
        }

        var point = random.NextDouble() * total;
        for (var i = 0; i < _candidates.Length; i++)
        {
            if (excluded.Contains(_candidates[i].Destination))
            {
                continue;
            }

            last = i;
            point -= Line[i];
            if (point < 0)
            {
                break;
            }
        }

        return last;
    }

    /// <summary>Draws one other than <paramref name="first"/>.</summary>
    /// <returns>Its index; <paramref name="first"/> if there is no other.</returns>
    public int DrawOther(Random random, int first, in TriedDestinations excluded)
    {
        if (excluded.IsEmpty)
        {
            return Line.DrawOther(random, first);
        }

        var both = excluded;
        both.Add(_candidates[first].Destination);
        return Draw(random, both) is >= 0 and var other ? other : first;
    }
}
