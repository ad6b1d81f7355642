namespace GatewayKit.Throttling;

/// <summary>
/// The generic cell rate algorithm (ITU-T I.371): the state of an allowance is one number, the time at which it is full again. Pure: the
/// caller brings state and time, both in units of <see cref="ThrottleClock"/>.
/// </summary>
internal readonly record struct Gcra
{
    /// <param name="requestsPerSecond">Sustained rate.</param>
    /// <param name="burst">Units that a full allowance holds.</param>
    public Gcra(double requestsPerSecond, int burst)
    {
        // Rounded up: never faster than asked. At the highest rate this costs 1/16,000 of it at most.
        Increment = (long)Math.Ceiling(ThrottleClock.UnitsPerSecond / requestsPerSecond);
        Tolerance = checked(Increment * burst);
        Burst = burst;
    }

    /// <summary>Time that brings one unit.</summary>
    public long Increment { get; }

    /// <summary>Time that fills an empty allowance.</summary>
    public long Tolerance { get; }

    /// <summary>Units that a full allowance holds.</summary>
    public int Burst { get; }

    /// <summary>Takes <paramref name="cost"/> units from an allowance, or none.</summary>
    /// <param name="fullAt">The state: when the allowance is full. An unused one is full at any time not after <paramref name="now"/>.</param>
    /// <param name="now">The time.</param>
    /// <param name="cost">Units, 0 to <see cref="Burst"/>; more can never be taken and is the caller's to refuse.</param>
    /// <param name="next">The state afterwards: equal to <paramref name="fullAt"/> if nothing was taken.</param>
    /// <param name="wait">If refused, the time until the same cost can be taken; else 0.</param>
    public bool TryTake(long fullAt, long now, int cost, out long next, out long wait)
    {
        var taken = Math.Max(fullAt, now) + (cost * Increment);
        wait = taken - Tolerance - now;
        if (wait > 0)
        {
            next = fullAt;
            return false;
        }

        (next, wait) = (cost == 0 ? fullAt : taken, 0);
        return true;
    }

    /// <summary>What may be given back of a unit: the part that has not come back by itself, so that nobody gets it twice.</summary>
    /// <param name="elapsed">The time since it was taken, or more.</param>
    /// <returns>What to subtract from the state.</returns>
    public long Refund(long elapsed) => Math.Clamp(Increment - elapsed, 0, Increment);

    /// <summary>Whole units that are left.</summary>
    /// <param name="ahead">Time until the allowance is full.</param>
    /// <param name="next">Time until there is one more; 0 if it is full.</param>
    public int Remaining(long ahead, out long next)
    {
        if (ahead > Tolerance)
        {
            next = ahead - Tolerance + Increment;
            return 0;
        }

        var (units, part) = Math.DivRem(Tolerance - ahead, Increment);
        next = ahead == 0 ? 0 : Increment - part;
        return (int)units;
    }
}
