using System.Net;
using System.Text.Json.Serialization;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>The code that docs/lifecycle.md shows.</summary>
public sealed class DocumentedLifecycleTests
{
    [Fact]
    public async Task Host_is_ready_until_it_stops_and_an_endpoint_drains_a_destination()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var time = new FakeTimeProvider();
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddApiGateway(static options => options.DrainDelay = TimeSpan.FromSeconds(5)).AddCluster("orders", upstream.Address.ToString());
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddHealthChecks().AddGatewayReadiness();
                builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(40));

                // Enums by name in what endpoints answer: "Open" and not 1.
                builder.Services.ConfigureHttpJsonOptions(static options => options.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
            },
            static app =>
            {
                app.MapGatewayRoute("/orders/{**rest}", cluster: "orders");
                app.MapHealthChecks("/readyz", new() { Predicate = static check => check.Tags.Contains("ready") });

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
                operators.MapPost("/drain/{cluster}/{destination}", static (GatewayClusters clusters, string cluster, string destination) => clusters.Drain(cluster, destination));
                operators.MapPost("/undrain/{cluster}/{destination}", static (GatewayClusters clusters, string cluster, string destination) => clusters.Undrain(cluster, destination));
                operators.MapGet("/clusters", static (GatewayClusters clusters) => clusters.GetAll());
            });
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/orders/1"));
        Assert.Equal("Healthy", await gateway.Client.GetStringAsync("/readyz"));
        using var drained = await gateway.Client.PostAsync("/operators/drain/orders/1", null);
        Assert.Equal(HttpStatusCode.OK, drained.StatusCode);
        var clusters = await gateway.Client.GetStringAsync("/operators/clusters");
        Assert.Contains("\"isDraining\":true", clusters);
        Assert.Contains("\"breaker\":\"Closed\"", clusters);
        foreach (var (path, message) in new (string, string)[] { ("ordrs/1", "Did you mean 'orders'?"), ("orders/2x", "has no destination") })
        {
            using var unknown = await gateway.Client.PostAsync($"/operators/drain/{path}", null);
            Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
            Assert.Contains(message, await unknown.Content.ReadAsStringAsync());
        }

        using var refused = await gateway.Client.GetAsync("/orders/1");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        gateway.App.Lifetime.StopApplication();
        using var unready = await gateway.Client.GetAsync("/readyz");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), (unready.StatusCode, await unready.Content.ReadAsStringAsync()));
        time.Advance(TimeSpan.FromSeconds(5));
    }
}
