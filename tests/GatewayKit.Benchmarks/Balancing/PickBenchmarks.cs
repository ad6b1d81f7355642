using BenchmarkDotNet.Attributes;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Benchmarks.Balancing;

/// <summary>A pick of each rule among destinations of unequal weight.</summary>
[MemoryDiagnoser]
public class PickBenchmarks
{
    private readonly DefaultHttpContext _request = new();
    private DestinationSet _set = null!;

    [ParamsAllValues]
    public LoadBalancing Rule { get; set; }

    [Params(3, 32, 100)]
    public int Destinations { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var cluster = new Cluster
        {
            Id = "c",
            LoadBalancing = Rule,
            Hash = Rule is LoadBalancing.ConsistentHash ? new() { Key = HashKey.Header("X-Tenant") } : null,
        };
        DestinationState[] all = [.. Enumerable.Range(0, Destinations).Select(static i => new DestinationState($"d{i}", new() { Address = new($"http://host{i}"), Weight = (i % 3) + 1 }))];
        _request.Request.Headers["X-Tenant"] = "acme";
        _set = new(all, all.Select(Candidate.Whole), new(cluster));
    }

    [Benchmark]
    public object Pick() => _set.Pick(_request, default)!;
}
