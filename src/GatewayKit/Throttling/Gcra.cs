using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling;

/// <summary>The generic cell rate algorithm (ITU-T I.371): the state of an allowance is one number, the time at which it is full again.</summary>
internal readonly record struct Gcra : ISharedRate<long>
{
    /// <param name="rule">The rate.</param>
    /// <param name="hasTurns">Whether requests may wait for what they have taken ahead of time.</param>
    public Gcra(RateRule rule, bool hasTurns = false)
    {
        // Rounded up: never faster than asked. At the highest rate of requests this costs 1/16,000 of it at most, at the highest of bytes 1/160.
        Increment = (long)Math.Ceiling(ThrottleClock.ToUnits(rule.Window) / (decimal)rule.Limit);
        Tolerance = checked(Increment * rule.Burst);
        HasTurns = hasTurns;
    }

    /// <summary>Time that brings one unit.</summary>
    public long Increment { get; }

    /// <summary>Time that fills an empty allowance.</summary>
    public long Tolerance { get; }

    /// <summary>Whether requests may wait for what they have taken ahead of time.</summary>
    public bool HasTurns { get; }

    public bool TryTake(in long state, long now, int cost, out long next, out long wait, long maxWait = 0)
    {
        var taken = Math.Max(state, now) + (cost * Increment);
        wait = taken - Tolerance - now;
        if (wait > maxWait)
        {
            (next, wait) = (state, wait - maxWait);
            return false;
        }

        (next, wait) = (cost == 0 ? state : taken, Math.Max(0, wait));
        return true;
    }

    public long Settle(in long state, in RateUse use, long now)
    {
        if (use.Actual > use.Reserved)
        {
            var (owed, room) = (use.Actual - use.Reserved, now + (2 * Tolerance) - Math.Max(state, now));
            return Math.Max(state, now) + (owed > room / Increment ? Math.Max(0, room) : owed * Increment);
        }

        var (taken, back) = (use.Reserved * Increment, (use.Reserved - use.Actual) * Increment);
        var left = use.Since > now
            // Those who wait have their times. Who is not the last of them leaves a gap: given back, it would be a second place at the end.
            ? state == use.Since + Tolerance ? taken : 0
            : HasTurns && state - now > Tolerance ? 0 : taken - (now - use.Since);

        // 0 would say that nobody has ever used it.
        return Math.Max(1, state - Math.Clamp(left, 0, back));
    }

    public long MarkOf(in long state) => 0;

    public long Forget(in long fresh, in long dropped) => 0;

    public int Remaining(in long state, long now, out long next)
    {
        var ahead = Math.Max(0, state - now);
        if (ahead > Tolerance)
        {
            next = ahead - Tolerance + Increment;
            return 0;
        }

        var (units, part) = Math.DivRem(Tolerance - ahead, Increment);
        next = ahead == 0 ? 0 : Increment - part;
        return (int)units;
    }

    public long Follow(in long state, in RateAnswer answer, int since, long now) =>
        Math.Max(1, now + Math.Min(ThrottleClock.ToUnits(answer.FullAfter), 2 * Tolerance) + TimeOf(since));

    // What is owed there is what is owed here, but for what it was not told.
    public int Room(in long state, int since, long now) => (int)(((2 * Tolerance) - Math.Clamp(state - now - TimeOf(since), 0, 2 * Tolerance)) / Increment);

    public long Out(in long state, long now) => state <= now ? 0 : ((state - now - 1) / Increment) + 1;

    public long MarkOf(in RateAnswer answer, long asked) => asked + ThrottleClock.ToUnits(answer.FullAfter);

    // To the nearest unit: a store counts whole ones.
    public int Left(in RateUse use, long now)
    {
        var left = use.Mark != 0 ? use.Mark - now : (use.Reserved * Increment) - (now - use.Since);
        return (int)((Math.Clamp(left, 0, (use.Reserved - use.Actual) * Increment) + (Increment / 2)) / Increment);
    }

    public int BatchFor(in long state, long now, int cost, int batch, int instances) =>
        Math.Max(0, state - now) > TimeOf((instances - 1L) * batch) ? Math.Clamp(Remaining(state, now, out _), cost, Math.Max(cost, batch)) : cost;

    // As long as the store is short of all that is held: so much is never there twice.
    public long Lifetime(in RateAnswer answer, long ahead) => ThrottleClock.ToUnits(answer.FullAfter) - TimeOf(ahead);

    public bool IsUsed(in long state) => state != 0;

    public bool IsFull(in long state, long now) => state <= now;

    // No more than anybody ever owes: what does not fit in a number would be a fresh burst.
    private long TimeOf(long units) => Math.Clamp(units, -2 * Tolerance / Increment, 2 * Tolerance / Increment) * Increment;
}
