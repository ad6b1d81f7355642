using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Replay;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Throttling.Replay;

/// <summary>Replays against the endpoints of a gateway that runs.</summary>
public sealed class ReplayOfEndpointsTests
{
    private const string Json = """
        {
          "Routes": {
            "plain": { "Match": { "Path": "/plain" }, "Respond": { "Body": "" } },
            "own": { "Match": { "Path": "/own" }, "Respond": { "Body": "" }, "Throttle": { "RequestsPerSecond": 1, "Burst": 4 } }
          }
        }
        """;

    [Fact]
    public async Task Groups_and_endpoints_of_the_host_count_as_they_do_live()
    {
        await using var gateway = await TestHost.GatewayAsync(Json, map: static app =>
        {
            var group = app.MapGroup("/v1").WithThrottling(requestsPerSecond: 1, burst: 2);
            group.MapGatewayRoutes();
            group.MapGet("/report", static () => "report").WithName("report").WithThrottling(new() { RequestsPerSecond = 1, Burst = 3 });
            app.MapGet("/free", static () => "free").WithName("free");
        });
        var pipelines = gateway.App.Services.GetRequiredService<GatewayInspector>().Pipelines;
        var report = await LimitReplay.RunAsync(pipelines, Records("plain", "own", "report", "free"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([("own", 6), ("plain", 8), ("report", 7)], report.Routes.Select(static route => (route.Route, route.Counts.Refused)));
        Assert.Equal([new("free", 10)], report.UnknownRoutes);

        // Nothing of what runs was used up.
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.GetAsync("/v1/plain", TestContext.Current.CancellationToken)).StatusCode);
    }

    private static IAsyncEnumerable<AccessRecord> Records(params string[] routes) => routes
        .SelectMany(static route => Enumerable.Repeat(new AccessRecord { Time = DateTimeOffset.UnixEpoch, Route = route, Client = IPAddress.Loopback }, 10))
        .ToAsyncEnumerable();
}
