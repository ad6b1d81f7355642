using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>The code that docs/resilience.md shows.</summary>
public sealed class DocumentedGuardsTests
{
    [Fact]
    public async Task Example_serves_what_stands_in()
    {
        await using var standby = await Upstream.StartAsync(static context => Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, "standby"));
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddCluster("orders", "http://127.0.0.1:9").AddCluster("orders-standby", standby.Address.ToString()),
            map: Map);
        Assert.Equal("standby", await gateway.Client.GetStringAsync("/orders/1", TestContext.Current.CancellationToken));
        Assert.Equal("[]", await gateway.Client.GetStringAsync("/report", TestContext.Current.CancellationToken));
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders")
            .WithTimeout(TimeSpan.FromSeconds(10))
            .WithBulkhead(maxInFlight: 100, queue: 10)
            .WithFallback(new() { OnFailure = new(), Cluster = "orders-standby" });

        app.MapGet("/report", BuildReportAsync)
            .WithTimeout(TimeSpan.FromSeconds(5))
            .WithBulkhead(maxInFlight: 4)
            .WithFallback(new() { OnFailure = new(), Answer = new() { Status = 200, Body = "[]", ContentType = "application/json" } });
    }

    private static Task<string> BuildReportAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("The database is away.");
}
