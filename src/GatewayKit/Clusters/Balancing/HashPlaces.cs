namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// Where keys belong among the candidates of a group. It goes by the names of destinations and not by their places in a list, so that a change moves
/// only the keys of those that came or went. Immutable.
/// </summary>
internal sealed class HashPlaces
{
    /// <summary>Up to how many candidates each is asked; for more there is a table (HashBenchmarks).</summary>
    public const int MostAsked = 32;

    private readonly WeightLine _line;
    private readonly ulong[] _names;
    private readonly MaglevTable? _table;

    public HashPlaces(CandidateGroup group)
    {
        (_line, _names) = (group.Line, new ulong[group.Count]);
        for (var i = 0; i < _names.Length; i++)
        {
            _names[i] = SipHash.Common.Hash(group[i].Destination.Id).High;
        }

        _table = _names.Length > MostAsked ? new(_names, _line) : null;
    }

    /// <summary>The candidate that a hash belongs to.</summary>
    public int Find(ulong hash)
    {
        if (_table is not null)
        {
            return _table[hash];
        }

        var (best, highest) = (0, double.NegativeInfinity);
        for (var i = 0; i < _names.Length; i++)
        {
            if (Score(hash, i) is var score && score > highest)
            {
                (best, highest) = (i, score);
            }
        }

        return best;
    }

    /// <summary>The candidate with the highest score for a hash among those that a condition lets through; -1 if there is none.</summary>
    public int Find<TState>(ulong hash, TState state, Func<TState, int, bool> isFree)
        where TState : allows ref struct
    {
        var (best, highest) = (-1, double.NegativeInfinity);
        for (var i = 0; i < _names.Length; i++)
        {
            if (Score(hash, i) is var score && score > highest && isFree(state, i))
            {
                (best, highest) = (i, score);
            }
        }

        return best;
    }

    // Rendezvous hashing, weighted: every candidate draws a number for the key, and the highest has it. With -w / ln(u) the chance of each is its share
    // of the weights (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005). Equal weights leave the order of the draws.
    private double Score(ulong hash, int index)
    {
        var drawn = RequestHash.Unit(RequestHash.Mix(hash, _names[index]));
        return _line.IsEven ? drawn : _line[index] / -Math.Log(drawn);
    }
}
