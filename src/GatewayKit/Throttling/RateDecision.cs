namespace GatewayKit.Throttling;

/// <summary>What an allowance says to a request. Times are in units of <see cref="ThrottleClock"/>.</summary>
/// <param name="IsTaken">Whether the request may go on. A refused one has taken nothing.</param>
/// <param name="At">When it was decided.</param>
/// <param name="Wait">If refused, the time until the same cost can be taken; else the time that it has to wait before it goes on.</param>
/// <param name="Remaining">Whole units that are left.</param>
/// <param name="Next">Time until there is one more; 0 if all are there.</param>
/// <param name="Mark">What has to be remembered to settle it, see <see cref="RateUse"/>.</param>
/// <param name="IsOverflow">Whether there was no room for the key, so that it was charged to the allowance that all such keys share.</param>
internal readonly record struct RateDecision(bool IsTaken, long At, long Wait, int Remaining, long Next, long Mark, bool IsOverflow = false)
{
    /// <summary>When a request that was not refused goes on.</summary>
    public long Due => At + Wait;

    /// <summary>Whether it says how the allowance stands. One that is made without the store that keeps it does not.</summary>
    public bool IsKnown => Remaining >= 0;

    /// <summary>A decision that is made without looking at the allowance.</summary>
    public static RateDecision Unknown(bool isTaken, long at) => new(isTaken, at, Wait: 0, Remaining: -1, Next: 0, Mark: 0);

    /// <summary>How an allowance stands, for one who takes nothing.</summary>
    public static RateDecision Peek<TRate, TState>(TRate rate, in TState state, long at)
        where TRate : struct, IRate<TState>
        where TState : unmanaged =>
        new(IsTaken: true, at, Wait: 0, rate.Remaining(state, at, out var next), next, Mark: 0);

    public static RateDecision Of<TRate, TState>(TRate rate, in TState state, bool isTaken, long at, long wait)
        where TRate : struct, IRate<TState>
        where TState : unmanaged =>
        new(isTaken, at, wait, rate.Remaining(state, at, out var next), next, rate.MarkOf(state));
}
