using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Throttling.Quotas;

/// <summary>The code that docs/quotas.md shows.</summary>
public sealed class DocumentedQuotaTests
{
    [Fact]
    public async Task Example_counts_as_the_page_says()
    {
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/orders/{**rest}", static () => "order"));
        await using var gateway = await QuotaGateway.StartAsync(QuotaGateway.Clock(), Map, services: builder => builder.AddCluster("orders", destination.Address.ToString()));
        Assert.Equal(50, await gateway.PassedAsync("/orders/1", requests: 50));
        Assert.Equal(1, await gateway.PassedAsync("/ask", requests: 1, tenant: "one"));
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders")
            .WithQuota(10_000, new CalendarWindow(CalendarUnit.Month, "Europe/Berlin"))
            .WithQuota(1_000, new CalendarWindow(CalendarUnit.Day, "Europe/Berlin"));

        app.MapGet("/ask", Ask).WithQuota(new()
        {
            Limit = 1_000_000,
            MaxOverage = 100_000,
            Window = new AnniversaryWindow(new DateOnly(2026, 1, 31)),
            Unit = QuotaUnit.Cost("tokens"),
            Cost = 500, // Reserved until the true cost is known.
            Partition = ThrottlePartition.Header("X-Tenant"),
        });
    }

    private static string Ask(HttpContext context)
    {
        context.ReportCost("tokens", 730);
        return "answer";
    }
}
