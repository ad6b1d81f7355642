using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
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
                var operators = app.MapGroup("/operators").AddEndpointFilter(static async (context, next) =>
                {
                    try
                    {
                        return await next(context);
                    }
                    catch (ArgumentException exception)
                    {
                        // There is no such cluster or destination; the message has the nearest name.
                        return Results.Problem(exception.Message, statusCode: StatusCodes.Status404NotFound);
                    }
                });
                operators.MapPost("/isolate/{cluster}/{destination}", static (GatewayClusters clusters, string cluster, string destination) => clusters.Isolate(cluster, destination));
                operators.MapPost("/close/{cluster}/{destination}", static (GatewayClusters clusters, string cluster, string destination) => clusters.Close(cluster, destination));
            });
        var clusters = gateway.App.Services.GetRequiredService<GatewayClusters>();
        using var isolated = await gateway.Client.PostAsync("/operators/isolate/orders/a", null);
        Assert.Equal((HttpStatusCode.OK, CircuitState.Isolated), (isolated.StatusCode, clusters.Get("orders").Destinations[0].Health.Breaker));
        using var closed = await gateway.Client.PostAsync("/operators/close/ORDERS/a", null);
        Assert.Equal((HttpStatusCode.OK, CircuitState.Closed), (closed.StatusCode, clusters.Get("orders").Destinations[0].Health.Breaker));
        using var unknown = await gateway.Client.PostAsync("/operators/isolate/ordrs/a", null);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("Did you mean 'orders'?", await unknown.Content.ReadAsStringAsync());
    }
}
