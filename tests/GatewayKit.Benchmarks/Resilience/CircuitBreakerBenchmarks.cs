using BenchmarkDotNet.Attributes;
using GatewayKit.Resilience;
using Polly;
using Polly.CircuitBreaker;

namespace GatewayKit.Benchmarks.Resilience;

/// <summary>One call that succeeds through a closed circuit, and one that an open circuit refuses: ours and Polly's own strategy.</summary>
[MemoryDiagnoser]
public class CircuitBreakerBenchmarks
{
    private readonly CircuitBreaker _quiet = new(new(), TimeProvider.System, Random.Shared.NextDouble);
    private readonly CircuitBreaker _troubled = new(new() { FailurePercent = 90 }, TimeProvider.System, Random.Shared.NextDouble);
    private readonly CircuitBreaker _open = new(new() { OpenFor = TimeSpan.FromHours(1), MaxOpenFor = TimeSpan.FromHours(1) }, TimeProvider.System, Random.Shared.NextDouble);
    private readonly ResiliencePipeline _polly = new ResiliencePipelineBuilder().AddCircuitBreaker(new CircuitBreakerStrategyOptions()).Build();
    private readonly ResiliencePipeline _pollyOpen;
    private readonly RetryBudget _budget = new(new(), TimeProvider.System);
    private int _calls;

    public CircuitBreakerBenchmarks()
    {
        _open.Trip("benchmark", 1, 1);
        var control = new CircuitBreakerManualControl();
        _pollyOpen = new ResiliencePipelineBuilder().AddCircuitBreaker(new CircuitBreakerStrategyOptions { ManualControl = control }).Build();
        control.IsolateAsync().GetAwaiter().GetResult();
    }

    [Benchmark(Baseline = true)]
    public ValueTask<Outcome<int>> PollyClosed() => ExecuteAsync(_polly);

    [Benchmark]
    public void Closed() => Call(_quiet, CallResult.Success);

    /// <summary>One failure in a hundred calls: the window is added up at each of them.</summary>
    [Benchmark]
    public void ClosedWithFailures() => Call(_troubled, ++_calls % 100 == 0 ? CallResult.Failure : CallResult.Success);

    [Benchmark]
    public ValueTask<Outcome<int>> PollyRefusal() => ExecuteAsync(_pollyOpen);

    [Benchmark]
    public bool Refusal() => _open.TryEnter(out _);

    [Benchmark]
    public void Deposit() => _budget.Deposit();

    private static void Call(CircuitBreaker breaker, CallResult result)
    {
        if (breaker.TryEnter(out var permit))
        {
            breaker.Leave(permit, result, TimeSpan.Zero);
        }
    }

    // As Polly's guide says for the least cost: no exceptions, no closures, a context from the pool.
    private static async ValueTask<Outcome<int>> ExecuteAsync(ResiliencePipeline pipeline)
    {
        var context = ResilienceContextPool.Shared.Get();
        var outcome = await pipeline.ExecuteOutcomeAsync(static (_, _) => Outcome.FromResultAsValueTask(1), context, 0).ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);
        return outcome;
    }
}
