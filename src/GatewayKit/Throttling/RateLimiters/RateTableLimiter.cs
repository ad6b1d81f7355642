using System.Threading.RateLimiting;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>The allowances of many keys as a limiter of the framework.</summary>
internal sealed class RateTableLimiter<TResource, TRate, TState>(TRate rate, RateRule rule, KeyReader<TResource> keys, ThrottleClock clock, int maxKeys) : PartitionedRateLimiter<TResource>
    where TRate : struct, IRate<TState>
    where TState : unmanaged
{
    private readonly RateTable<TRate, TState> _table = new(rate, clock, maxKeys);
    private readonly RateBucket<TRate, TState> _anonymous = new(rate, clock);
    private readonly LeaseCount _count = new(rule);

    /// <summary>What is available to the resource; leases are counted over all of them, for none is kept that is not in use.</summary>
    public override RateLimiterStatistics GetStatistics(TResource resource) => _count.ToStatistics(Take(resource, cost: 0));

    protected override RateLimitLease AttemptAcquireCore(TResource resource, int permitCount)
    {
        _count.CheckPermits(permitCount);
        return _count.Note(RateLease.Of(Take(resource, permitCount), permitCount));
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(TResource resource, int permitCount, CancellationToken cancellationToken) => new(AttemptAcquireCore(resource, permitCount));

    private RateDecision Take(TResource resource, int cost) => keys(resource, out var key) ? _table.Take(key, cost) : _anonymous.Take(cost);
}
