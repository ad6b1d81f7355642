using System.Net;
using BenchmarkDotNet.Attributes;
using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using GatewayKit.Rollout.Splits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Rollout;

/// <summary>What a split adds to a request: finding its key and its side. The rest of the way is that of any route.</summary>
[MemoryDiagnoser]
public class SplitBenchmarks
{
    private readonly DefaultHttpContext _httpContext = new() { Connection = { RemoteIpAddress = IPAddress.Parse("2001:db8::1") } };
    private ServiceProvider _services = null!;
    private SideChooser _chooser = null!;

    [Params("Cookie", "ClientAddress", "Header:X-Tenant", "None")]
    public string Key { get; set; } = "";

    [Params(false, true)]
    public bool Ramp { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddApiGateway();
        _services = services.BuildServiceProvider();
        var (sides, metrics) = (_services.GetRequiredService<SplitSides>(), _services.GetRequiredService<SplitMetrics>());
        var share = Ramp ? new CanaryShare { Ramp = new() { Start = TimeProvider.System.GetUtcNow(), Duration = TimeSpan.FromHours(1), Steps = 100 } } : new CanaryShare { Percent = 10 };
        var split = RouteSplit.Between("stable", "canary", 10) with { Key = RolloutKey.Parse(Key) };
        SplitSide[] both = [sides.For("r", "stable", "stable", null), sides.For("r", "stable", "canary", share)];
        var schedule = new SplitSchedule(both[0], both[1..], null, sides, metrics, TimeProvider.System);
        _chooser = new(split, new KeySource(split.Key, split.Cookie.Name, new KeyHash("r")), schedule, both, Random.Shared.NextDouble);
        _httpContext.Request.Headers["X-Tenant"] = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
        _httpContext.Request.Headers.Cookie = $"theme=dark; session=6f9619ff-8b86-d011-b42d-00c04fc964ff; {split.Cookie.Name}=AAECAwQFBgcICQoLDA0ODw";
    }

    [GlobalCleanup]
    public void Cleanup() => _services.Dispose();

    [Benchmark]
    public int Choose() => _chooser.Choose(_httpContext, out _);
}
