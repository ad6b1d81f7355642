using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Clusters.Health;

/// <summary>What the page about health shows.</summary>
public sealed class DocumentedHealthTests
{
    [Fact]
    public async Task Cluster_of_the_page_is_watched()
    {
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddApiGateway().AddClusters(new Cluster
                {
                    Id = "orders",
                    Destinations = new Dictionary<string, Destination>
                    {
                        ["a"] = new() { Address = new("http://127.0.0.1:1") },
                        ["b"] = new() { Address = new("http://127.0.0.1:2") },
                    },
                    Health = new()
                    {
                        Active = new() { Path = "/health", Interval = TimeSpan.FromSeconds(5) },
                        Outliers = new() { Distance = 10 },
                    },
                });
            },
            app =>
            {
                // For operators only: bind it to an address that clients do not reach, or ask for a role.
                app.MapPost("/isolate/{cluster}/{destination}", static (GatewayClusters clusters, string cluster, string destination) => clusters.Isolate(cluster, destination));
                app.MapPost("/close/{cluster}/{destination}", static (GatewayClusters clusters, string cluster, string destination) => clusters.Close(cluster, destination));
            });
        using var answer = await gateway.Client.PostAsync("/isolate/orders/a", null);
        Assert.True(answer.IsSuccessStatusCode);
    }
}
