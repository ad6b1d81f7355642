namespace GatewayKit.Clusters;

/// <summary>Destinations that may be picked, with what weighted picking needs computed once. Immutable but for the turn of round robin.</summary>
internal sealed class DestinationSet
{
    private readonly DestinationState[] _destinations;
    private readonly int[] _upTo;

    public DestinationSet(IEnumerable<DestinationState> destinations)
    {
        _destinations = [.. destinations.Where(static destination => destination.Weight > 0)];
        _upTo = new int[_destinations.Length];
        for (var i = 0; i < _destinations.Length; i++)
        {
            TotalWeight += _destinations[i].Weight;
            _upTo[i] = TotalWeight;
        }

        HasEqualWeights = _destinations.All(destination => destination.Weight == _destinations[0].Weight);
        Turn = new RoundRobinTurn(_destinations);
    }

    public int Count => _destinations.Length;

    public int TotalWeight { get; }

    public bool HasEqualWeights { get; }

    public RoundRobinTurn Turn { get; }

    public DestinationState this[int index] => _destinations[index];

    /// <summary>Draws one: each with the chance of its weight.</summary>
    public int Draw() => HasEqualWeights ? Random.Shared.Next(Count) : At(Random.Shared.Next(TotalWeight));

    /// <summary>Draws one other than <paramref name="first"/>.</summary>
    public int DrawOther(int first)
    {
        if (HasEqualWeights)
        {
            var other = Random.Shared.Next(Count - 1);
            return other < first ? other : other + 1;
        }

        // A point on the line of weights with the first one's stretch cut out.
        var weight = _destinations[first].Weight;
        var point = Random.Shared.Next(TotalWeight - weight);
        return At(point < _upTo[first] - weight ? point : point + weight);
    }

    private int At(int point)
    {
        var index = Array.BinarySearch(_upTo, point + 1);
        return index < 0 ? ~index : index;
    }
}
