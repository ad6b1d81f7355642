using BenchmarkDotNet.Attributes;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Resilience.Fallbacks;
using GatewayKit.Resilience.Timeouts;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Resilience;

/// <summary>What the guards of the Protect stage cost a request that passes them, from the first to the end of its response.</summary>
[MemoryDiagnoser]
public class GuardBenchmarks
{
    private static readonly ValueTask<object?> Done = new((object?)null);

    private readonly DefaultHttpContext _httpContext = new();
    private readonly CompletingResponse _response = new();
    private ServiceProvider _services = null!;
    private EndpointFilterDelegate _filter = null!;
    private GatewayPipeline _pipeline = null!;

    [Params("none", "Timeout of a route", "Timeout of a handler", "Bulkhead", "Fallback", "all of a route")]
    public string Guards { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddApiGateway();
        _services = services.BuildServiceProvider();
        var endpoint = new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/guarded"), order: 0);
        if (Guards.Contains("route", StringComparison.Ordinal))
        {
            endpoint.Metadata.Add(new GatewayRoute { Id = "guarded", Match = new() { Path = "/guarded" }, Cluster = "c" });
        }

        var all = Guards.StartsWith("all", StringComparison.Ordinal);
        if (all || Guards.StartsWith("Timeout", StringComparison.Ordinal))
        {
            endpoint.Metadata.Add(new TimeoutPolicy { Total = TimeSpan.FromSeconds(30) });
        }

        if (all || Guards is "Bulkhead")
        {
            endpoint.Metadata.Add(new BulkheadPolicy { MaxInFlight = 100 });
        }

        if (all || Guards is "Fallback")
        {
            endpoint.Metadata.Add(new FallbackPolicy { OnFailure = new(), Answer = new() });
        }

        _filter = _services.GetRequiredService<PipelineComposer>().Compose(endpoint, static _ => Done, out _pipeline);
        _httpContext.Features.Set<IHttpResponseFeature>(_response);
    }

    [GlobalCleanup]
    public void Cleanup() => _services.Dispose();

    [Benchmark]
    public async Task Pass()
    {
        await _filter(new GatewayContext(_httpContext, _pipeline)).ConfigureAwait(false);
        await _response.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Keeps what runs at the end of a response, as a server does: in a stack that is used again.</summary>
    private sealed class CompletingResponse : HttpResponseFeature
    {
        private readonly Stack<(Func<object, Task> Callback, object State)> _completed = new();

        public override void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

        public override void OnStarting(Func<object, Task> callback, object state)
        {
        }

        public async Task CompleteAsync()
        {
            while (_completed.TryPop(out var ending))
            {
                await ending.Callback(ending.State).ConfigureAwait(false);
            }
        }
    }
}
