using System.Threading.RateLimiting;
using BenchmarkDotNet.Attributes;
using GatewayKit.Throttling;

namespace GatewayKit.Benchmarks.Throttling;

/// <summary>One accepted request of one of many known keys, in random order: ours and the framework's partitioned token bucket.</summary>
[MemoryDiagnoser]
public class RateLimiterBenchmarks
{
    private ThrottleKey[] _order = [];
    private RateTable<Gcra, long> _table = null!;
    private RateTable<SlidingWindow, WindowCount> _windows = null!;
    private RateBucket<Gcra, long> _bucket = null!;
    private PartitionedRateLimiter<ThrottleKey> _framework = null!;
    private int _next;

    [Params(1, 10_000, 1_000_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var clock = new ThrottleClock(TimeProvider.System);

        // More than a run takes, at a rate that does not give it back meanwhile: nothing is refused and every entry stays in use.
        var (requestsPerSecond, burst) = Keys == 1 ? (1_000, 1_000_000_000) : (0.01, 1_000_000);
        var rate = new Gcra(new(RateAlgorithm.TokenBucket, requestsPerSecond, TimeSpan.FromSeconds(1), burst));
        _table = new(rate, clock, Math.Max(100_000, Keys));
        _bucket = new(new Gcra(new(RateAlgorithm.TokenBucket, 1_000, TimeSpan.FromSeconds(1), 1_000_000_000)), clock);
        _windows = new(new(new(RateAlgorithm.SlidingWindow, 1_000_000_000, TimeSpan.FromDays(365), 1_000_000_000)), clock, Math.Max(100_000, Keys));
        _framework = PartitionedRateLimiter.Create<ThrottleKey, ThrottleKey>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
        {
            TokenLimit = burst,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1 / requestsPerSecond),
        }));

        // A length that is a power of two keeps the loop free of divisions.
        var random = new Random(1);
        _order = new ThrottleKey[1 << 20];
        for (var i = 0; i < _order.Length; i++)
        {
            _order[i] = new((ulong)(i < Keys ? i : random.Next(Keys)), 6);
            _table.Take(_order[i], cost: 1);
            _windows.Take(_order[i], cost: 1);
            _framework.AttemptAcquire(_order[i]).Dispose();
        }

        random.Shuffle(_order);
    }

    [GlobalCleanup]
    public void Cleanup() => _framework.Dispose();

    [Benchmark(Baseline = true)]
    public bool Framework()
    {
        using var lease = _framework.AttemptAcquire(NextKey());
        return lease.IsAcquired;
    }

    [Benchmark]
    public bool Partitioned() => _table.Take(NextKey(), cost: 1).IsTaken;

    [Benchmark]
    public bool PartitionedSlidingWindow() => _windows.Take(NextKey(), cost: 1).IsTaken;

    /// <summary>One allowance for all, whatever the number of keys.</summary>
    [Benchmark]
    public bool Shared() => _bucket.Take(cost: 1).IsTaken;

    private ThrottleKey NextKey() => _order[_next++ & (_order.Length - 1)];
}
