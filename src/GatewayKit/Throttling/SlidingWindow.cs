using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling;

/// <summary>
/// Counts in windows, of which the one before weighs as much as of it lies within one length from now. What a window holds is the sum of the two; the result is exact for requests that
/// came evenly, and never more than the limit in a window from edge to edge.
/// </summary>
internal readonly record struct SlidingWindow : ISharedRate<WindowCount>
{
    private readonly long _length;
    private readonly int _limit;

    /// <param name="rule">The rate, of whole units.</param>
    public SlidingWindow(RateRule rule) => (_limit, _length) = (rule.Burst, ThrottleClock.ToUnits(rule.Window));

    public bool TryTake(in WindowCount state, long now, int cost, out WindowCount next, out long wait, long maxWait = 0)
    {
        var count = Roll(state, now, out var left);

        // Compared with the cost: who asks whether there is any room lets larger ones through.
        var room = (long)_limit - count.Current - cost;
        if (room >= 0 && Holds(room, count.Previous, left))
        {
            (next, wait) = (cost == 0 ? state : count with { Current = count.Current + cost }, 0);
            return true;
        }

        // Either the weight of the window before gets small enough in this one, or that of this one does in the next.
        next = state;
        wait = room >= 0 ? left - LeftFor(room, count.Previous) : left + _length - LeftFor(_limit - cost, Math.Min(count.Current, _limit));
        return false;
    }

    public WindowCount Settle(in WindowCount state, in RateUse use, long now)
    {
        var count = Roll(state, now, out _);
        if (use.Actual > use.Reserved)
        {
            // What is reported may be as large as a number gets: a sum of it would be negative.
            var most = 2L * _limit;
            return count with { Current = (int)Math.Min(most, count.Current + Math.Min(most, use.Actual - use.Reserved)) };
        }

        var back = (int)(use.Reserved - use.Actual);
        return (count.Window - WindowOf(use.Since)) switch
        {
            <= 0 => count with { Current = Math.Max(0, count.Current - back) },
            1 => count with { Previous = Math.Max(0, count.Previous - back) },
            _ => count,
        };
    }

    public long MarkOf(in WindowCount state) => 0;

    public WindowCount Forget(in WindowCount fresh, in WindowCount dropped) => default;

    public int Remaining(in WindowCount state, long now, out long next)
    {
        var count = Roll(state, now, out var left);
        var remaining = (int)Math.Max(0, (long)_limit - count.Current - WeightOf(count.Previous, left));
        next = 0;
        if (remaining < _limit)
        {
            TryTake(state, now, remaining + 1, out _, out next);
        }

        return remaining;
    }

    // The windows of a store have other edges. What is kept is how much is used, and that it goes away as it does here.
    public WindowCount Follow(in WindowCount state, in RateAnswer answer, int since, long now)
    {
        var count = Roll(state, now, out var left);
        var used = Math.Clamp(_limit - answer.Remaining + since, 0, int.MaxValue);
        var current = used - WeightOf(count.Previous, left);
        return current >= 0 ? count with { Current = (int)current } : new(count.Window, 0, (int)Int128.Min(int.MaxValue, (Int128)used * _length / left));
    }

    // A window forgets anyway, when it is over.
    public int Room(in WindowCount state, int since, long now) => int.MaxValue;

    public long Out(in WindowCount state, long now)
    {
        var count = Roll(state, now, out var left);
        return (long)count.Current + WeightOf(count.Previous, left);
    }

    // The end of the store's window: what is given back after it would come off another one.
    public long MarkOf(in RateAnswer answer, long asked) => asked + ThrottleClock.ToUnits(answer.FullAfter) - _length;

    public int Left(in RateUse use, long now) => now < (use.Mark != 0 ? use.Mark : use.Since + _length) ? (int)(use.Reserved - use.Actual) : 0;

    public int BatchFor(in WindowCount state, long now, int cost, int batch, int instances) => Math.Clamp(Remaining(state, now, out _), cost, Math.Max(cost, batch));

    // In the window in which the store has counted it.
    public long Lifetime(in RateAnswer answer, long ahead) => ThrottleClock.ToUnits(answer.FullAfter) - _length;

    public bool IsUsed(in WindowCount state) => state.Window != 0;

    public bool IsFull(in WindowCount state, long now) => Roll(state, now, out _) is { Current: 0, Previous: 0 };

    /// <summary>The state as of a time, and how much is left of its window. Who comes late stays in the newest one.</summary>
    private WindowCount Roll(in WindowCount state, long now, out long left)
    {
        var (window, part) = Math.DivRem(now, _length);
        var age = (int)window + 1 - state.Window;
        left = age < 0 ? _length : _length - part;
        return age switch
        {
            <= 0 => state,
            1 => new((int)window + 1, 0, Math.Min(state.Current, _limit)),
            _ => new((int)window + 1, 0, 0),
        };
    }

    private int WindowOf(long time) => (int)(time / _length) + 1;

    // Both sides may be larger than 64 bits.
    private bool Holds(long room, int previous, long left) => previous == 0 || (Int128)previous * left <= (Int128)room * _length;

    private int WeightOf(int previous, long left) => (int)((((Int128)previous * left) + _length - 1) / _length);

    /// <summary>How much may be left of a window for the weight of the one before to be no more than the room.</summary>
    private long LeftFor(long room, int previous) => (long)((Int128)room * _length / previous);
}
