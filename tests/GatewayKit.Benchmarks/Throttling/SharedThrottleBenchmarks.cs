using BenchmarkDotNet.Attributes;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Throttling;

/// <summary>What a request pays for a throttle that instances share, beside one of this instance alone; the store answers at once.</summary>
[MemoryDiagnoser]
public class SharedThrottleBenchmarks
{
    private static readonly ValueTask<object?> Done = new((object?)null);

    private ServiceProvider _services = null!;
    private EndpointFilterDelegate _filter = null!;
    private EndpointFilterInvocationContext _context = null!;

    [Params("Local", "Asynchronous", "Leased:10000", "Synchronous")]
    public string Sharing { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<IRateStore, Plenty>();
        services.AddApiGateway();
        _services = services.BuildServiceProvider();

        // More than a run takes: every request is accepted. Only the validator keeps such a policy from users.
        var endpoint = new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/route"), order: 0);
        endpoint.Metadata.Add(new ThrottlePolicy { RequestsPerSecond = 1_000_000, Burst = 1_000_000_000, Partition = ThrottlePartition.Header("X-Tenant"), Sharing = RateSharing.Parse(Sharing) });
        _filter = _services.GetRequiredService<PipelineComposer>().Compose(endpoint, static _ => Done, out var pipeline);
        _context = new GatewayContext(new DefaultHttpContext { Request = { Headers = { ["X-Tenant"] = "6f9619ff-8b86-d011-b42d-00c04fc964ff" } } }, pipeline);
    }

    [GlobalCleanup]
    public void Cleanup() => _services.Dispose();

    [Benchmark]
    public ValueTask<object?> Accept() => _filter(_context);

    /// <summary>There is always enough, and what was taken counts for a minute.</summary>
    private sealed class Plenty : IRateStore
    {
        private static readonly RateAnswer Answer = new() { IsAdmitted = true, Remaining = 1_000_000, FullAfter = TimeSpan.FromMinutes(1) };

        public ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken) => new(Answer);

        public ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken) => new(Answer);
    }
}
