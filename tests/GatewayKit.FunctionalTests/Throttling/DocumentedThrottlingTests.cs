using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>The code that docs/throttling.md shows.</summary>
public sealed class DocumentedThrottlingTests
{
    [Fact]
    public async Task Example_throttles_as_the_page_says()
    {
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/orders/{**rest}", static () => "order"));
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider());
                builder.AddCluster("orders", destination.Address.ToString());
            },
            map: Map);
        Assert.Equal(100, await gateway.PassedAsync("/orders/1", requests: 101));
        Assert.Equal(5, await gateway.PassedAsync("/report", requests: 6, tenant: "one"));
        Assert.Equal(10, await gateway.PassedAsync("/search", requests: 11));
        using var stored = await gateway.Client.PostAsync("/upload", new ByteArrayContent(new byte[1_000]));
        Assert.Equal("\"address+sub\";r=49999000;t=1", Assert.Single(stored.Headers.GetValues("RateLimit")));
        Assert.Equal(20, await gateway.PassedAsync("/partners/stock", requests: 21));
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithThrottling(requestsPerSecond: 50, burst: 100);

        app.MapGet("/report", BuildReport).WithThrottling(new()
        {
            RequestsPerSecond = 1,
            Burst = 5,
            Partition = ThrottlePartition.Header("X-Tenant"),
        });

        app.MapPost("/upload", StoreFile).WithThrottling(new()
        {
            Limit = 100_000_000, // bytes
            Window = TimeSpan.FromMinutes(1),
            Burst = 50_000_000,
            Cost = RequestCost.ContentLength,
            Partition = ThrottlePartition.Claim("sub").And(ThrottlePartition.ClientAddress),
        });

        app.MapGet("/search", Search).WithThrottling(limit: 60, window: TimeSpan.FromMinutes(1));

        var partners = app.MapGroup("/partners").WithThrottling(requestsPerSecond: 100, burst: 200);
        partners.MapGet("/stock", ReadStock).WithThrottling(requestsPerSecond: 10, burst: 20); // 10 instead of 100
    }

    private static string BuildReport() => "report";

    private static string StoreFile() => "file";

    private static string Search() => "found";

    private static string ReadStock() => "stock";
}
