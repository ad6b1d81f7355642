using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>An allowance for each client address, each value of a header, or whatever else tells requests apart.</summary>
internal sealed class PartitionedAllowance<TRate, TState>(
    string routeId, ThrottlePartition partition, TRate rate, ThrottleClock clock, int maxKeys, ThrottlingMetrics metrics) : ThrottleAllowance
    where TRate : struct, IRate<TState>
    where TState : unmanaged
{
    private readonly RateTable<TRate, TState> _table = new(rate, clock, maxKeys);

    // What has nothing to be told apart by is neither free nor somebody else: together it gets as much as one key (and outside the table, so
    // that keys cannot push it out).
    private readonly RateBucket<TRate, TState> _anonymous = new(rate, clock);
    private readonly KeyOverflow _overflow = new(routeId, partition, maxKeys, clock, metrics);

    public override RateDecision Take(HttpContext httpContext, int cost) => TakeAhead(httpContext, cost, maxWait: 0);

    public override RateDecision TakeAhead(HttpContext httpContext, int cost, long maxWait)
    {
        if (!ThrottleKey.TryRead(httpContext, partition, out var key))
        {
            metrics.Anonymous(routeId, partition);
            return _anonymous.Take(cost, maxWait);
        }

        var decision = _table.Take(key, cost, maxWait);
        if (decision.IsOverflow)
        {
            _overflow.Note();
        }

        return decision;
    }

    public override RateDecision Settle(HttpContext httpContext, in RateUse use) =>
        ThrottleKey.TryRead(httpContext, partition, out var key) ? _table.Settle(key, use) : _anonymous.Settle(use);

    // What those share who cannot be told apart is nobody's to see.
    public override ValueTask<RateDecision> PeekAsync(HttpContext httpContext) =>
        new(ThrottleKey.TryRead(httpContext, partition, out var key) ? _table.Peek(key) : RateDecision.Unknown(isTaken: true, clock.Now));
}
