using System.Threading.RateLimiting;
using BenchmarkDotNet.Attributes;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Benchmarks.Resilience;

/// <summary>One place taken and given back: of a fixed number, of one that adapts with its sample, of one that classes share, and of the framework's concurrency limiter.</summary>
[MemoryDiagnoser]
public class AdaptiveLimitBenchmarks
{
    private static readonly TimeSpan HeadTime = TimeSpan.FromMilliseconds(20);

    private Places _places = null!;
    private PlaceTerms _fixed = null!, _adaptive = null!, _shared = null!;
    private ConcurrencyLimiter _framework = null!;

    [GlobalSetup]
    public void Setup()
    {
        var bulkhead = new Bulkhead("benchmark", isCluster: true, TimeProvider.System);
        _places = bulkhead.Requests;
        _fixed = new(1_000, queue: 8, TimeSpan.FromMilliseconds(100));
        _adaptive = new(1_000, queue: null, TimeSpan.FromMilliseconds(100), new(), bulkhead);
        _shared = new(1_000, queue: 8, TimeSpan.FromMilliseconds(100), bulkhead: bulkhead, priorities: new());
        _framework = CreateFramework();
    }

    [GlobalCleanup]
    public void Cleanup() => _framework.Dispose();

    [Benchmark(Baseline = true)]
    public bool Framework()
    {
        using var lease = _framework.AttemptAcquire();
        return lease.IsAcquired;
    }

    [Benchmark]
    public bool Fixed()
    {
        var isIn = _places.TryTake(_fixed.Max);
        _places.GiveBack();
        return isIn;
    }

    /// <summary>With the look-up of the class, as a request does it.</summary>
    [Benchmark]
    public bool Prioritized()
    {
        var share = _shared.ShareOf(PriorityClass.Standard)!;
        var isIn = _places.TryTake(share, _shared.Max);
        share.Class.GiveBack();
        return isIn;
    }

    [Benchmark]
    public bool Adaptive()
    {
        var isIn = _places.TryTake(_adaptive.Max);
        _adaptive.Observe(LimitSample.Answer, HeadTime, _places.Taken);
        _places.GiveBack();
        return isIn;
    }

    /// <summary>The same from all cores at once: what the lock around a window costs where it is fought for.</summary>
    [Benchmark(OperationsPerInvoke = 100_000)]
    public void AdaptiveOnAllCores() => Parallel.For(0, Environment.ProcessorCount, _ =>
    {
        for (var i = 0; i < 100_000 / Environment.ProcessorCount; i++)
        {
            Adaptive();
        }
    });

    private static ConcurrencyLimiter CreateFramework() => new(new() { PermitLimit = 1_000 });
}
