using System.Net;
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
/// What the modes of one policy that lets everything through cost on a gateway route: in force, in force for half of the callers of which this is one
/// or is none, in shadow, and with a candidate. One operation is one call of the endpoint's delegate, without a server.
/// </summary>
[MemoryDiagnoser]
[BenchmarkCategory("Pipeline")]
public class ModeBenchmarks
{
    private readonly DefaultHttpContext _inside = new();
    private readonly DefaultHttpContext _outside = new();
    private WebApplication _app = null!;
    private RequestDelegate _enforced = null!;
    private RequestDelegate _half = null!;
    private RequestDelegate _shadow = null!;
    private RequestDelegate _candidate = null!;

    [GlobalSetup]
    public void Setup()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddApiGateway().AddPolicy<AcceptPolicy, AcceptFilterFactory>("Accept");
        _app = builder.Build();
        var share = new EnforcedShare("Accept", 50);
        foreach (var (httpContext, isIn) in (ValueTuple<DefaultHttpContext, bool>[])[(_inside, true), (_outside, false)])
        {
            httpContext.RequestServices = _app.Services;
            for (byte last = 1; httpContext.Connection.RemoteIpAddress is null || share.Includes(httpContext) != isIn; last++)
            {
                httpContext.Connection.RemoteIpAddress = new IPAddress([192, 0, 2, last]);
            }
        }

        _enforced = Build(new());
        _half = Build(new() { EnforcePercent = 50 });
        _shadow = Build(new() { Mode = PolicyMode.Shadow });
        _candidate = Build(new() { Candidate = new() { Mode = PolicyMode.Shadow } });
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _app.DisposeAsync();

    /// <summary>In force for all.</summary>
    [Benchmark(Baseline = true)]
    public Task Enforced() => _enforced(_inside);

    /// <summary>In force for half of the callers, this one among them.</summary>
    [Benchmark]
    public Task EnforcedForHalf() => _half(_inside);

    /// <summary>In force for half of the callers, this one not among them.</summary>
    [Benchmark]
    public Task EnforcedForOthers() => _half(_outside);

    /// <summary>In shadow.</summary>
    [Benchmark]
    public Task InShadow() => _shadow(_inside);

    /// <summary>In force, with a candidate.</summary>
    [Benchmark]
    public Task WithCandidate() => _candidate(_inside);

    private RequestDelegate Build(AcceptPolicy policy)
    {
        var endpoint = new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/route"), order: 0);
        endpoint.Metadata.Add(new GatewayRoute { Id = "route", Match = new() { Path = "/route" } });
        endpoint.Metadata.Add(policy);
        PipelineFilterFactory.InsertInto(endpoint);
        var chain = _app.Services.GetRequiredService<PipelineComposer>().Compose(endpoint, static _ => new(Results.Empty), out var pipeline);
        return _app.Services.GetRequiredService<PipelineRunner>().Run(chain, pipeline);
    }

    private sealed record AcceptPolicy : IGatewayPolicy
    {
        public PolicyMode Mode { get; init; }

        public int EnforcePercent { get; init; } = 100;

        public AcceptPolicy? Candidate { get; init; }

        GatewayStage IGatewayPolicy.Stage => GatewayStage.Limit;

        IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

        IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };
    }

    private sealed class AcceptFilterFactory : GatewayFilterFactory<AcceptPolicy>
    {
        protected override EndpointFilterDelegate Create(AcceptPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => context => next(context);
    }
}
