using System.Net;
using BenchmarkDotNet.Attributes;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Throttling;

/// <summary>The whole accepting path of one throttle, or several, on one request: reading the key, taking, going on.</summary>
[MemoryDiagnoser]
public class ThrottlingFilterBenchmarks
{
    private static readonly ValueTask<object?> Done = new((object?)null);

    private readonly DefaultHttpContext _httpContext = new() { Connection = { RemoteIpAddress = IPAddress.Parse("2001:db8::1") } };
    private ServiceProvider _services = null!;
    private EndpointFilterDelegate _filter = null!;
    private EndpointFilterInvocationContext _context = null!;

    [Params("ClientAddress", "Header:X-Tenant", "Header:X-Tenant+ClientAddress", "Route", "ClientAddress and Route")]
    public string Partition { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddApiGateway();
        _services = services.BuildServiceProvider();

        // More than a run takes: every request is accepted. Only the validator keeps such a policy from users.
        var endpoint = new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/route"), order: 0);
        foreach (var partition in Partition.Split(" and "))
        {
            endpoint.Metadata.Add(new ThrottlePolicy { RequestsPerSecond = 1_000_000, Burst = 1_000_000_000, Partition = ThrottlePartition.Parse(partition) });
        }

        _filter = _services.GetRequiredService<PipelineComposer>().Compose(endpoint, static _ => Done, out var pipeline);
        _httpContext.Request.Headers["X-Tenant"] = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
        _context = new GatewayContext(_httpContext, pipeline);
    }

    [GlobalCleanup]
    public void Cleanup() => _services.Dispose();

    [Benchmark]
    public ValueTask<object?> Accept() => _filter(_context);
}
