using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>An allowance for each client address or each value of a header.</summary>
internal sealed class PartitionedAllowance(
    string routeId, ThrottlePolicy policy, Gcra rate, ThrottleClock clock, int maxKeys, ThrottlingMetrics metrics) : ThrottleAllowance
{
    // A flood of made-up keys overflows on every request; one line a minute says as much.
    private const long WarningInterval = 60 * ThrottleClock.UnitsPerSecond;

    private readonly ThrottlePartition _partition = policy.Partition;
    private readonly string? _headerName = policy.Partition.HeaderName;
    private readonly TokenBuckets _buckets = new(rate, clock, maxKeys);

    // What has nothing to be told apart by is neither free nor somebody else: together it gets as much as one key (and outside the store, so
    // that keys cannot push it out).
    private readonly TokenBucket _anonymous = new(rate, clock);
    private long _nextWarning;

    public override bool TryTake(HttpContext httpContext, out TimeSpan wait, out long ahead)
    {
        if (!TryReadKey(httpContext, out var key))
        {
            metrics.Anonymous(routeId, _partition);
            return _anonymous.TryTake(out wait, out ahead);
        }

        var taken = _buckets.TryTake(key, out wait, out var overflowed, out ahead);
        if (overflowed)
        {
            NoteOverflow();
        }

        return taken;
    }

    public override void Return(HttpContext httpContext, long elapsed)
    {
        if (TryReadKey(httpContext, out var key))
        {
            _buckets.Return(key, elapsed);
        }
        else
        {
            _anonymous.Return(elapsed);
        }
    }

    private bool TryReadKey(HttpContext httpContext, out ThrottleKey key) => _headerName is null
        ? ThrottleKey.TryReadAddress(httpContext, out key)
        : ThrottleKey.TryReadHeader(httpContext, _headerName, out key);

    private void NoteOverflow()
    {
        metrics.Overflowed(routeId, _partition);
        var (now, due) = (clock.Now, Volatile.Read(ref _nextWarning));
        if (now >= due && Interlocked.CompareExchange(ref _nextWarning, now + WarningInterval, due) == due)
        {
            metrics.WarnOfOverflow(routeId, _partition, maxKeys);
        }
    }
}
