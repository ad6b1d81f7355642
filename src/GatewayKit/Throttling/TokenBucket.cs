namespace GatewayKit.Throttling;

/// <summary>One allowance: one number, no timer. Safe to use from any thread.</summary>
internal sealed class TokenBucket(Gcra rate, ThrottleClock clock)
{
    // Beyond this many lost rounds the losers queue up, so that none of them spins for ever.
    private const int MaxLostRounds = 16;

    private readonly Lock _losers = new();
    private long _fullAt;

    /// <inheritdoc cref="ThrottleAllowance.TryTake"/>
    public bool TryTake(out TimeSpan wait, out long ahead)
    {
        for (var round = 0; round < MaxLostRounds; round++)
        {
            if (Attempt(out var taken, out wait, out ahead))
            {
                return taken;
            }
        }

        lock (_losers)
        {
            while (true)
            {
                if (Attempt(out var taken, out wait, out ahead))
                {
                    return taken;
                }
            }
        }
    }

    /// <inheritdoc cref="ThrottleAllowance.Return"/>
    public void Return(long elapsed) => Interlocked.Add(ref _fullAt, -rate.Refund(elapsed));

    // Decides and takes in one step: a check that is followed by a separate take lets too many through.
    private bool Attempt(out bool taken, out TimeSpan wait, out long ahead)
    {
        var fullAt = Volatile.Read(ref _fullAt);
        var now = clock.Now;
        taken = rate.TryTake(fullAt, now, cost: 1, out var next, out var units);
        ahead = next - now;
        wait = taken ? TimeSpan.Zero : ThrottleClock.ToTimeSpan(units);
        return !taken || Interlocked.CompareExchange(ref _fullAt, next, fullAt) == fullAt;
    }
}
