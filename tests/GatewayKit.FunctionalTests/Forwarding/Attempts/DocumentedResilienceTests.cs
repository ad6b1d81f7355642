using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Polly;
using Polly.Timeout;

namespace GatewayKit.FunctionalTests.Forwarding.Attempts;

/// <summary>The code that docs/resilience.md shows.</summary>
public sealed class DocumentedResilienceTests
{
    [Fact]
    public async Task Example_retries_as_the_page_says()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await TestHost.StartAsync(
            builder => Configure(builder.Services, upstream.Address),
            static app => app.MapGatewayRoute("/{**rest}", cluster: "orders"));
        using var request = new HttpRequestMessage(HttpMethod.Put, "/orders/7") { Content = new StringContent("two of them") };
        request.Headers.Add("X-Test-Id", "1");
        request.Headers.Add("X-Fault", "503");
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(("2", "two of them"), (answer.Headers.GetValues("X-Attempt").Single(), upstream.BodyOf("1")));
    }

    private static void Configure(IServiceCollection services, Uri address)
    {
        services.AddApiGateway()
            .AddClusters(new Cluster
            {
                Id = "orders",
                Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = address } },
                Retry = new() { MaxRetries = 1, ReplayBufferBytes = 16_384 },
                Timeouts = new() { Total = TimeSpan.FromSeconds(20), Attempt = TimeSpan.FromSeconds(5) },
            })
            .ConfigureAttempts("orders", static attempts => attempts.AddTimeout(new TimeoutStrategyOptions { Timeout = TimeSpan.FromSeconds(3) }));
    }
}
