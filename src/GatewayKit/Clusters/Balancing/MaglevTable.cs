namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// A table with a place for each remainder of a hash, shared out by weight (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load
/// Balancer", 2016, §3.4). One look-up, however many candidates; a change moves the keys of those that came or went and a few more. Immutable.
/// </summary>
internal sealed class MaglevTable
{
    /// <summary>How many places there are: a prime, so that any step visits them all.</summary>
    public const int Size = 65_537;

    private readonly ushort[] _places = new ushort[Size];

    /// <param name="names">Hashes of the names of at most 65,536 candidates.</param>
    /// <param name="line">Their weights.</param>
    public MaglevTable(ReadOnlySpan<ulong> names, WeightLine line)
    {
        var (taken, next, step, due) = (new bool[Size], new int[names.Length], new int[names.Length], new double[names.Length]);
        var heaviest = 0.0;
        for (var i = 0; i < names.Length; i++)
        {
            next[i] = (int)(names[i] % Size);
            step[i] = (int)(RequestHash.Mix(names[i], 1) % (Size - 1)) + 1;
            heaviest = Math.Max(heaviest, line[i]);
        }

        // In each round the heaviest takes one place, the others one as often as their weight says.
        for (var left = Size; left > 0;)
        {
            for (var i = 0; i < names.Length && left > 0; i++)
            {
                due[i] += line[i] / heaviest;
                if (due[i] < 1)
                {
                    continue;
                }

                due[i]--;
                while (taken[next[i]])
                {
                    next[i] = (next[i] + step[i]) % Size;
                }

                (taken[next[i]], _places[next[i]]) = (true, (ushort)i);
                left--;
            }
        }
    }

    public int this[ulong hash] => _places[hash % Size];
}
