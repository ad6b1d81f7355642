using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Tests.Throttling.Sharing;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>The code that docs/sharing-limits.md shows.</summary>
public sealed class DocumentedSharingTests
{
    [Fact]
    public async Task Example_shares_as_the_page_says()
    {
        var time = new FakeTimeProvider();
        var store = new InMemoryRateStore(time);
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/{**rest}", static () => "served"));
        await using var one = await StartAsync(time, store, destination);
        await using var other = await StartAsync(time, store, destination);
        Assert.Equal(60, await one.PassedAsync("/orders/1", requests: 60));
        Assert.Equal(40, await other.PassedAsync("/orders/1", requests: 60));
        Assert.Equal(10, await one.PassedAsync("/search/1", requests: 10));
        time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(110, store.Given);
    }

    private static Task<TestHost> StartAsync(TimeProvider time, InMemoryRateStore store, TestHost destination) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton(time).AddSingleton<IRateStore>(store);
            builder.AddCluster("orders", destination.Address.ToString()).AddCluster("search", destination.Address.ToString());
        },
        map: Map);

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithThrottling(new()
        {
            Limit = 1_000,
            Window = TimeSpan.FromMinutes(1),
            Sharing = RateSharing.Synchronous,
        });

        app.MapGatewayRoute("/search/{**rest}", cluster: "search").WithThrottling(new()
        {
            RequestsPerSecond = 5_000,
            Partition = ThrottlePartition.Route,
            Sharing = RateSharing.Asynchronous(TimeSpan.FromMilliseconds(200)),
            OnStoreFailure = StoreFailureAction.Allow,
        });
    }
}
