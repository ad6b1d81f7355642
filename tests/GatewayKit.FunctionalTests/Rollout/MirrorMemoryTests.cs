using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>What copies leave in memory. Nothing else runs meanwhile.</summary>
[Collection(nameof(MirrorMemoryTests))]
[CollectionDefinition(nameof(MirrorMemoryTests), DisableParallelization = true)]
public sealed class MirrorMemoryTests
{
    private const string Requests = "gatewaykit.mirror.requests";
    private const string Comparisons = "gatewaykit.mirror.comparisons";

    // What a request leaves behind would show: 10,000 of them are 5 MB at 500 bytes each.
    [Fact]
    public async Task Ten_thousand_copies_to_a_mirror_that_hangs_leave_nothing_behind()
    {
        await using var main = await Upstream.StartAsync(static context => context.Response.WriteAsync("main"));
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder
            .AddClusters(MirrorGateway.Cluster("main", main.Address), MirrorGateway.Cluster("mirror", new("http://mirror.example")) with { CircuitBreaker = new() { Mode = PolicyMode.Off } })
            .UseUpstreamHandler("mirror", static () => new HangingHandler())
            .AddRoutes(new GatewayKit.Routing.GatewayRoute
            {
                Id = "all",
                Match = new() { Path = "/{**rest}" },
                Cluster = "main",
                Policies = [new MirrorPolicy { Cluster = "mirror", Percent = 100, Timeout = TimeSpan.FromMilliseconds(1), Compare = new(), MaxInFlight = 1_000 }],
            }));
        using var metrics = new MetricRecorder(gateway.App, Requests, Comparisons);
        await SendAsync(2_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await SendAsync(10_000);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.InRange(after - before, long.MinValue, 5_000_000);
        Assert.Equal(12_000, metrics.Sum($"{Requests} timed-out"));

        async Task SendAsync(int count)
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, cancellationToken) =>
                Assert.Equal("main", await gateway.Client.GetStringAsync("/", cancellationToken)));
            Assert.All(await metrics.NextAsync(Requests, count), static outcome => Assert.Equal("timed-out", outcome));
            await metrics.NextAsync(Comparisons, count);
        }
    }

    private sealed class HangingHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return new(HttpStatusCode.OK);
        }
    }
}
