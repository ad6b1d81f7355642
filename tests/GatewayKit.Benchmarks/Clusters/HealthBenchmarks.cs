using BenchmarkDotNet.Attributes;
using GatewayKit.Clusters;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Clusters;

/// <summary>One call at one of three destinations that are all well: picked, counted in and out, its result reported. With and without somebody who watches.</summary>
[MemoryDiagnoser]
public class HealthBenchmarks
{
    private readonly DefaultHttpContext _request = new();
    private ServiceProvider _services = null!;
    private ClusterState _watched = null!, _unwatched = null!;

    [GlobalSetup]
    public void Setup()
    {
        var cluster = new Cluster
        {
            Id = "orders",
            Destinations = Enumerable.Range(0, 3).ToDictionary(static index => $"d{index}", static index => new Destination { Address = new($"http://host{index}") }),
        };
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddApiGateway();
        _services = services.BuildServiceProvider();
        var states = _services.GetRequiredService<ClusterStates>();
        states.PutInForce(states.Build(states.InForce, [cluster]));
        _watched = states.InForce["orders"];
        _unwatched = new(cluster, [.. cluster.Destinations.Select(static entry => new DestinationState(entry.Key, entry.Value))], _watched.Transport, _watched.Budget);
    }

    [GlobalCleanup]
    public void Cleanup() => _services.Dispose();

    [Benchmark(Baseline = true)]
    public void Unwatched() => Call(_unwatched);

    [Benchmark]
    public void Watched() => Call(_watched);

    private void Call(ClusterState cluster)
    {
        cluster.TryBegin(_request, default, out var lease);
        lease.Report(CallResult.Success, default, null, StatusCodes.Status200OK);
        lease.Destination.End();
    }
}
