using System.Numerics;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// How long answers took, counted in cells that are 1/32 of their time wide, so that a window of any number of them has one size and a percentile is
/// off by 3 % at most. Not safe for concurrent use.
/// </summary>
internal sealed class LatencyWindow
{
    private const int Steps = 32;
    private const int StepBits = 5;

    // Up to 2^32 µs, more than an hour; what is longer counts as that.
    private const ulong Longest = uint.MaxValue;

    private readonly int[] _cells = new int[(32 - StepBits + 1) * Steps];
    private double _sum;

    public int Count { get; private set; }

    /// <summary>The mean in microseconds; 0 without any.</summary>
    public double Mean => Count == 0 ? 0 : _sum / Count;

    public void Add(TimeSpan time)
    {
        var microseconds = Math.Min(Longest, (ulong)Math.Max(0, time.Ticks / TimeSpan.TicksPerMicrosecond));
        _cells[CellOf(microseconds)]++;
        _sum += microseconds;
        Count++;
    }

    /// <summary>In what time so many of them were there, in microseconds.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public double Percentile(double share)
    {
        var left = (int)Math.Ceiling(share * Count);
        for (var cell = 0; cell < _cells.Length; cell++)
        {
            left -= _cells[cell];
            if (left <= 0)
            {
                return MiddleOf(cell);
            }
        }

        return 0;
    }

    public void Clear()
    {
        Array.Clear(_cells);
        (Count, _sum) = (0, 0);
    }

    private static int CellOf(ulong microseconds)
    {
        if (microseconds < Steps)
        {
            return (int)microseconds;
        }

        var shift = BitOperations.Log2(microseconds) - StepBits;
        return (shift * Steps) + (int)(microseconds >> shift);
    }

    private static double MiddleOf(int cell)
    {
        if (cell < 2 * Steps)
        {
            return cell;
        }

        var shift = (cell / Steps) - 1;
        return (((ulong)((cell % Steps) + Steps) << shift) + ((1UL << shift) / 2.0));
    }
}
