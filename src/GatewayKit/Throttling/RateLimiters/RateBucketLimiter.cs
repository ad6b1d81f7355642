using System.Threading.RateLimiting;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>One allowance as a limiter of the framework.</summary>
internal sealed class RateBucketLimiter<TRate, TState>(TRate rate, RateRule rule, ThrottleClock clock) : RateLimiter
    where TRate : struct, IRate<TState>
    where TState : unmanaged
{
    private readonly RateBucket<TRate, TState> _bucket = new(rate, clock);
    private readonly LeaseCount _count = new(rule);

    // By when an allowance is full that was emptied now; a window weighs on the one after it.
    private readonly long _fill = rule.Algorithm is RateAlgorithm.SlidingWindow
        ? 2 * ThrottleClock.ToUnits(rule.Window)
        : new Gcra(rule).Tolerance;

    private long _fullAt;

    // Whoever drops a limiter because it is idle must not hand out a fresh burst by that.
    public override TimeSpan? IdleDuration =>
        _bucket.Take(cost: 0) is { Next: 0 } full ? ThrottleClock.ToTimeSpan(Math.Max(0, full.At - Volatile.Read(ref _fullAt))) : null;

    public override RateLimiterStatistics GetStatistics() => _count.ToStatistics(_bucket.Take(cost: 0));

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        _count.CheckPermits(permitCount);
        var decision = _bucket.Take(permitCount);
        if (decision.IsTaken && permitCount > 0)
        {
            Volatile.Write(ref _fullAt, decision.At + _fill);
        }

        return _count.Note(RateLease.Of(decision, permitCount));
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) => new(AttemptAcquireCore(permitCount));
}
