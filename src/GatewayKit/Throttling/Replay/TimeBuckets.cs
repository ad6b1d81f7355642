using System.Runtime.InteropServices;

namespace GatewayKit.Throttling.Replay;

/// <summary>Counts over time in bounded memory: when there are too many buckets, they become longer.</summary>
internal sealed class TimeBuckets
{
    private const int Capacity = 200;

    // Each divides the next, so that buckets become one another.
    private static readonly TimeSpan[] Widths =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1), TimeSpan.FromDays(1)];

    private Dictionary<long, ReplayCounts> _counts = [];
    private int _step;

    public TimeSpan Width => _step < Widths.Length ? Widths[_step] : Widths[^1] * (1 << (_step - Widths.Length + 1));

    public IReadOnlyList<ReplayBucket> Buckets => [.. _counts.OrderBy(static entry => entry.Key).Select(static entry => new ReplayBucket(new(entry.Key, TimeSpan.Zero), entry.Value))];

    public void Note(DateTimeOffset time, ReplayOutcome outcome, bool wasRefused)
    {
        ref var counts = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, StartOf(time.UtcTicks), out _);
        counts = counts.With(outcome, wasRefused);
        while (_counts.Count > Capacity)
        {
            Widen();
        }
    }

    private void Widen()
    {
        var former = _counts;
        (_counts, _step) = ([], _step + 1);
        foreach (var (start, counts) in former)
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, StartOf(start), out _);
            sum = sum.Plus(counts);
        }
    }

    private long StartOf(long ticks) => ticks / Width.Ticks * Width.Ticks;
}
