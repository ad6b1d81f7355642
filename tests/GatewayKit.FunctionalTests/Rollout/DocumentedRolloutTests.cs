using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Rollout;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>The code that docs/canary-and-mirroring.md shows.</summary>
public sealed class DocumentedRolloutTests
{
    [Fact]
    public async Task Example_does_what_the_page_says()
    {
        await using var orders = await Upstream.StartAsync(static context => context.Response.WriteAsync("orders"));
        await using var next = await Upstream.StartAsync(static context => context.Response.WriteAsync("next"));
        var differences = new Differences();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.AddCluster("orders", orders.Address.ToString()).AddCluster("orders-next", next.Address.ToString());
                builder.AddCluster("old-reports", next.Address.ToString());
                builder.Services.AddSingleton<IMirrorSink>(differences);
            },
            map: Map);
        Assert.Contains(await gateway.Client.GetStringAsync("/orders/1"), (string[])["orders", "next"]);
        Assert.Equal("orders", await gateway.Client.GetStringAsync("/stock/1"));
        Assert.Equal("report", await gateway.Client.GetStringAsync("/report"));
        Assert.Contains(AnswerDifferenceKind.Body, (await differences.NextAsync()).Differences.Select(static one => one.Kind));
    }

    private static void Map(WebApplication app)
    {
        // One caller in twenty gets the next version, and stays with it.
        app.MapGatewayRoute("/orders/{**rest}", RouteSplit.Between("orders", "orders-next", percent: 5) with
        {
            Guard = new() { MaxErrorExcess = 1, MaxLatencyRatio = 1.5 },
        });

        // The next version sees one request in a hundred. Nobody gets its answers.
        app.MapGatewayRoute("/stock/{**rest}", cluster: "orders").WithMirror("orders-next", percent: 1);

        // A rewrite proves itself: every answer is compared with that of the service it replaces.
        app.MapGet("/report", BuildReport).WithMirror(new MirrorPolicy
        {
            Cluster = "old-reports",
            Percent = 100,
            Compare = new() { IgnorePaths = ["/createdAt", "/items/*/id"], NumericTolerance = 0.005 },
        });
    }

    private static string BuildReport() => "report";
}
