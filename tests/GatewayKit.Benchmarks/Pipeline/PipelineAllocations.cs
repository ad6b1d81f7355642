using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Pipeline;

/// <summary>
/// What the pipeline itself costs on the accepting path: one operation is one call of an endpoint's delegate, without a server. The
/// terminal answers at once or after a yield, as a forwarder does; the two baselines are the same without any gateway.
/// </summary>
[MemoryDiagnoser]
[BenchmarkCategory("Pipeline")]
public class PipelineAllocations
{
    private readonly DefaultHttpContext _httpContext = new();
    private WebApplication _app = null!;
    private RequestDelegate _gatewayRoute = null!;
    private RequestDelegate _hostEndpoint = null!;
    private RequestDelegate _plainFilters = null!;
    private RequestDelegate _handler = null!;

    /// <summary>How many policies accept the request.</summary>
    [Params(0, 1, 5, 10)]
    public int Policies { get; set; }

    /// <summary>Whether the terminal answers later.</summary>
    [Params(false, true)]
    public bool Later { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddApiGateway().AddPolicy<AcceptPolicy, AcceptFilterFactory>("Accept");
        _app = builder.Build();
        _httpContext.RequestServices = _app.Services;
        _handler = Later ? static async _ => await Task.Yield() : static _ => Task.CompletedTask;

        var own = _app.Map("/own", _handler);
        var plain = _app.Map("/plain", _handler);
        for (var i = 0; i < Policies; i++)
        {
            own.WithGatewayPolicy(new AcceptPolicy(i));
            plain.AddEndpointFilter(static (context, next) => next(context));
        }

        _gatewayRoute = BuildGatewayRoute();
        _hostEndpoint = DelegateOf("/own");
        _plainFilters = DelegateOf("/plain");
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _app.DisposeAsync();

    /// <summary>The handler alone.</summary>
    [Benchmark(Baseline = true)]
    public Task Handler() => _handler(_httpContext);

    /// <summary>The framework's chain with as many filters that do nothing.</summary>
    [Benchmark]
    public Task PlainFilters() => _plainFilters(_httpContext);

    /// <summary>A gateway route.</summary>
    [Benchmark]
    public Task GatewayRoute() => _gatewayRoute(_httpContext);

    /// <summary>An endpoint of the host.</summary>
    [Benchmark]
    public Task HostEndpoint() => _hostEndpoint(_httpContext);

    // What the endpoint factory does, with a terminal that costs nothing.
    private RequestDelegate BuildGatewayRoute()
    {
        var endpoint = new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/route"), order: 0);
        endpoint.Metadata.Add(new GatewayRoute { Id = "route", Match = new() { Path = "/route" } });
        for (var i = 0; i < Policies; i++)
        {
            endpoint.Metadata.Add(new AcceptPolicy(i));
        }

        PipelineFilterFactory.InsertInto(endpoint);
        EndpointFilterDelegate terminal = Later
            ? [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))] static async ValueTask<object?> (_) =>
            {
                await Task.Yield();
                return Results.Empty;
            }
            : static _ => new(Results.Empty);
        var chain = _app.Services.GetRequiredService<PipelineComposer>().Compose(endpoint, terminal, out var pipeline);
        return _app.Services.GetRequiredService<PipelineRunner>().Run(chain, pipeline);
    }

    private RequestDelegate DelegateOf(string pattern) => ((IEndpointRouteBuilder)_app).DataSources
        .SelectMany(static source => source.Endpoints).OfType<RouteEndpoint>().Single(endpoint => endpoint.RoutePattern.RawText == pattern).RequestDelegate!;

    private sealed record AcceptPolicy(int Number) : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Limit;

        public PolicyMode Mode => PolicyMode.Enforce;

        object IGatewayPolicy.Slot => Number;
    }

    private sealed class AcceptFilterFactory : GatewayFilterFactory<AcceptPolicy>
    {
        protected override EndpointFilterDelegate Create(AcceptPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) =>
            context => GatewayContext.From(context).HttpContext.Request.Method is null ? new((object?)null) : next(context);
    }
}
