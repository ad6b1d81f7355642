using System.Threading.RateLimiting;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>What a limiter has answered so far, and what it never could. Safe to use from any thread.</summary>
internal sealed class LeaseCount(RateRule rule)
{
    private long _acquired;
    private long _refused;

    public RateLease Note(RateLease lease)
    {
        Interlocked.Increment(ref lease.IsAcquired ? ref _acquired : ref _refused);
        return lease;
    }

    /// <exception cref="ArgumentOutOfRangeException">More is asked for than there ever is.</exception>
    public void CheckPermits(int permits) => ArgumentOutOfRangeException.ThrowIfGreaterThan(permits, rule.Burst, "permitCount");

    public RateLimiterStatistics ToStatistics(in RateDecision standing) => new()
    {
        CurrentAvailablePermits = standing.Remaining,
        TotalSuccessfulLeases = Interlocked.Read(ref _acquired),
        TotalFailedLeases = Interlocked.Read(ref _refused),
    };
}
