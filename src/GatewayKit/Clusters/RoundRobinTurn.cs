namespace GatewayKit.Clusters;

/// <summary>
/// Whose turn it is. With unequal weights the turns of a heavy destination are spread out: 5, 1, 1 gives a a b a c a a, not a a a a a b c
/// (nginx's smooth weighted round robin).
/// </summary>
internal sealed class RoundRobinTurn(DestinationState[] destinations)
{
    private readonly bool _isWeighted = destinations.Any(destination => destination.Weight != destinations[0].Weight);
    private readonly int _total = destinations.Sum(static destination => destination.Weight);
    private readonly int[] _credit = new int[destinations.Length];
    private readonly Lock _lock = new();
    private uint _count = uint.MaxValue;

    public int Next()
    {
        if (!_isWeighted)
        {
            return (int)(Interlocked.Increment(ref _count) % (uint)destinations.Length);
        }

        lock (_lock)
        {
            var best = 0;
            for (var i = 0; i < _credit.Length; i++)
            {
                _credit[i] += destinations[i].Weight;
                if (_credit[i] > _credit[best])
                {
                    best = i;
                }
            }

            _credit[best] -= _total;
            return best;
        }
    }
}
