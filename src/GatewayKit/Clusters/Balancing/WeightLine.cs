namespace GatewayKit.Clusters.Balancing;

/// <summary>Weights laid end to end, so that a point on the line draws each with the chance of its weight. Immutable.</summary>
internal sealed class WeightLine
{
    private readonly double[] _upTo;
    private readonly double[] _weights;

    /// <param name="weights">More than 0 each.</param>
    public WeightLine(double[] weights)
    {
        (_weights, _upTo) = (weights, new double[weights.Length]);
        IsEven = true;
        for (var i = 0; i < weights.Length; i++)
        {
            Total += weights[i];
            _upTo[i] = Total;
            IsEven &= weights[i] == weights[0];
        }
    }

    public int Count => _weights.Length;

    public double Total { get; }

    public bool IsEven { get; }

    public double this[int index] => _weights[index];

    /// <summary>Whose stretch a point is on.</summary>
    /// <param name="point">From 0 to <see cref="Total"/>.</param>
    public int At(double point)
    {
        var index = Array.BinarySearch(_upTo, point);

        // A point on a border is on the stretch behind it. Rounding may lead to the very end, where there is none.
        return Math.Min(index < 0 ? ~index : index + 1, Count - 1);
    }

    public int Draw(Random random) => IsEven ? random.Next(Count) : At(random.NextDouble() * Total);

    /// <summary>Draws one other than <paramref name="first"/>; there are two at least.</summary>
    public int DrawOther(Random random, int first)
    {
        if (IsEven)
        {
            var other = random.Next(Count - 1);
            return other < first ? other : other + 1;
        }

        // A point on the line with the first one's stretch cut out.
        var (weight, before) = (_weights[first], _upTo[first] - _weights[first]);
        var point = random.NextDouble() * (Total - weight);
        var drawn = At(point < before ? point : point + weight);
        return drawn != first ? drawn : first > 0 ? first - 1 : 1;
    }
}
