using GatewayKit.Pipeline;

namespace GatewayKit.Rollout.Splits;

/// <summary>
/// Which bucket belongs to which canary. Canaries are laid from the two ends by turns, and what no one takes is the stable cluster's: a share that
/// grows takes buckets from there and from nobody else, as long as no other is stacked on it.
/// </summary>
internal sealed class SplitLayout
{
    private readonly int[] _starts, _lengths;

    /// <param name="lengths">How many buckets each canary has; together no more than there are.</param>
    public SplitLayout(int[] lengths)
    {
        (_lengths, _starts) = (lengths, new int[lengths.Length]);
        var (low, high) = (0, KeyHash.Buckets);
        for (var i = 0; i < lengths.Length; i++)
        {
            if (int.IsEvenInteger(i))
            {
                _starts[i] = low;
                low += lengths[i];
            }
            else
            {
                high -= lengths[i];
                _starts[i] = high;
            }
        }
    }

    /// <summary>The side of a bucket: 0 for the stable cluster, 1 for the first canary, and so on.</summary>
    public int SideOf(int bucket)
    {
        for (var i = 0; i < _starts.Length; i++)
        {
            if ((uint)(bucket - _starts[i]) < (uint)_lengths[i])
            {
                return i + 1;
            }
        }

        return 0;
    }
}
