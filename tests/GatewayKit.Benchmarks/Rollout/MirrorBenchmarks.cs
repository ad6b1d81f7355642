using BenchmarkDotNet.Attributes;
using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using GatewayKit.Rollout.Mirroring;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Rollout;

/// <summary>What a mirror adds to a request on its own path: the draw, and for those that are drawn the watch. Copies are measured by <c>rollout sick</c>.</summary>
[MemoryDiagnoser]
public class MirrorBenchmarks
{
    private static readonly ValueTask<object?> Done = new((object?)null);

    private readonly DefaultHttpContext _httpContext = new();
    private ServiceProvider _services = null!;
    private EndpointFilterDelegate _filter = null!;
    private EndpointFilterInvocationContext _context = null!;

    [Params(-1, 0, 1)]
    public double Percent { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddApiGateway();
        _services = services.BuildServiceProvider();
        var endpoint = new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/route"), order: 0);
        endpoint.Metadata.Add(new GatewayKit.Routing.GatewayRoute { Id = "route", Match = new(), Cluster = "main" });
        if (Percent >= 0)
        {
            endpoint.Metadata.Add(new MirrorPolicy { Cluster = "mirror", Percent = Percent });
        }

        _httpContext.Request.Method = HttpMethods.Get;
        _filter = _services.GetRequiredService<PipelineComposer>().Compose(endpoint, End, out var pipeline);
        _context = new GatewayContext(_httpContext, pipeline);
    }

    [GlobalCleanup]
    public void Cleanup() => _services.Dispose();

    [Benchmark]
    public ValueTask<object?> Pass() => _filter(_context);

    // Gives the place of a copy back, as the end of a request does.
    private static ValueTask<object?> End(EndpointFilterInvocationContext invocation)
    {
        var context = (GatewayContext)invocation;
        if (context.ForwardWatch is MirrorWatch watch)
        {
            watch.End();
            context.ForwardWatch = null;
        }

        return Done;
    }
}
