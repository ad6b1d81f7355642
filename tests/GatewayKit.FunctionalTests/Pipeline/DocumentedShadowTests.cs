using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>The code that docs/shadow-mode.md shows.</summary>
public sealed class DocumentedShadowTests
{
    [Fact]
    public async Task Example_is_shown_as_the_page_says()
    {
        await using var gateway = await TestHost.GatewayAsync(services: static builder => builder.AddCluster("orders", "http://127.0.0.1:9"), map: Map);
        Assert.Equal(
            "/orders/{**rest}: Admit Throttle (Enforce 25 %, with candidate) → cluster orders",
            gateway.App.Services.GetRequiredService<GatewayInspector>().Describe());
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithThrottling(new()
        {
            RequestsPerSecond = 50,
            Burst = 100,
            EnforcePercent = 25,
            Candidate = new() { RequestsPerSecond = 20, Burst = 40, Mode = PolicyMode.Shadow },
        });
    }
}
