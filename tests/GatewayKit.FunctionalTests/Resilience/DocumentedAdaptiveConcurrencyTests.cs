using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>The code that docs/adaptive-concurrency.md shows.</summary>
public sealed class DocumentedAdaptiveConcurrencyTests
{
    [Fact]
    public async Task Example_serves_by_places_that_move()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("order"));
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddCluster("orders", upstream.Address.ToString()), map: Map);
        Assert.Equal("order", await gateway.Client.GetStringAsync("/orders/1", TestContext.Current.CancellationToken));
        Assert.Equal("report", await gateway.Client.GetStringAsync("/report", TestContext.Current.CancellationToken));
        var bulkheads = gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>().InUse;
        Assert.Equal([10, 20], bulkheads.Select(static bulkhead => bulkhead.Estimator?.Limit).OfType<int>().Order());
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithAdaptiveConcurrency();

        app.MapGet("/report", BuildReportAsync)
            .WithAdaptiveConcurrency(new() { Initial = 10, Max = 100, TargetLatency = TimeSpan.FromMilliseconds(300) });
    }

    private static Task<string> BuildReportAsync() => Task.FromResult("report");
}
