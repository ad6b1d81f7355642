using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Throttling.Concurrency;

/// <summary>The code that docs/concurrency-limits.md shows.</summary>
public sealed class DocumentedConcurrencyTests
{
    [Fact]
    public async Task Example_tells_clients_what_is_left()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("order"));
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddCluster("orders", upstream.Address.ToString()), map: Map);
        using var order = await gateway.Client.GetAsync("/orders/1", TestContext.Current.CancellationToken);
        Assert.Equal(["\"inflight\";r=19"], order.Headers.GetValues("RateLimit"));
        using var export = await gateway.Client.GetAsync("/export", TestContext.Current.CancellationToken);
        Assert.Equal(["\"exports\";r=1"], export.Headers.GetValues("RateLimit"));
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithConcurrencyLimit(20);

        app.MapGet("/export", ExportAsync)
            .WithConcurrencyLimit(new() { MaxInFlight = 2, Partition = ThrottlePartition.Claim("sub"), Name = "exports" });
    }

    private static Task<string> ExportAsync() => Task.FromResult("export");
}
