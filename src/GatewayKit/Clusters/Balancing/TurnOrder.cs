namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// Which destination a turn is. Immutable, so that a pick is one atomic step.
/// <list type="bullet">
/// <item>Equal weights: one after the other.</item>
/// <item>Weights that make a short cycle of whole numbers: the cycle of smooth weighted round robin as in nginx, computed once: 5, 1, 1 gives
/// a a b a c a a, not a a a a a b c.</item>
/// <item>Other weights, as there are while one starts slowly: the multiples of the golden ratio, modulo 1, on the line of weights. Any stretch of it is
/// hit in as even a rhythm as can be (three-distance theorem), whatever its length.</item>
/// </list>
/// </summary>
internal sealed class TurnOrder
{
    // The fraction of the golden ratio in 64 bits (Knuth, The Art of Computer Programming, volume 3, §6.4).
    private const ulong GoldenRatio = 0x9E37_79B9_7F4A_7C15;
    private const int LongestCycle = 2_048;

    private readonly WeightLine _line;
    private readonly ushort[]? _cycle;

    public TurnOrder(WeightLine line)
    {
        _line = line;
        if (!line.IsEven && TryScale(line, out var weights))
        {
            _cycle = Cycle(weights);
        }
    }

    public int At(ulong turn) =>
        _line.IsEven ? (int)(turn % (ulong)_line.Count)
        : _cycle is not null ? _cycle[turn % (ulong)_cycle.Length]
        : _line.At((turn * GoldenRatio >> 11) * (1.0 / (1L << 53)) * _line.Total);

    // Whole numbers without a common divisor, or nothing.
    private static bool TryScale(WeightLine line, out int[] weights)
    {
        weights = new int[line.Count];
        var divisor = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (line[i] > int.MaxValue || line[i] != Math.Floor(line[i]))
            {
                return false;
            }

            weights[i] = (int)line[i];
            divisor = CommonDivisor(weights[i], divisor);
        }

        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] /= divisor;
        }

        return line.Total / divisor <= LongestCycle;
    }

    private static int CommonDivisor(int one, int other) => other == 0 ? one : CommonDivisor(other, one % other);

    private static ushort[] Cycle(int[] weights)
    {
        var (total, credit) = (weights.Sum(), new int[weights.Length]);
        var cycle = new ushort[total];
        for (var turn = 0; turn < total; turn++)
        {
            var best = 0;
            for (var i = 0; i < credit.Length; i++)
            {
                credit[i] += weights[i];
                if (credit[i] > credit[best])
                {
                    best = i;
                }
            }

            credit[best] -= total;
            cycle[turn] = (ushort)best;
        }

        return cycle;
    }
}
