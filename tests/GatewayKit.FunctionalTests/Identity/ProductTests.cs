using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>What belongs to a product is open to its subscribers only, whoever says who calls.</summary>
public sealed class ProductTests
{
    private static readonly ApiKey Key = ApiKey.Create();

    [Theory]
    [InlineData("")]
    [InlineData(""", "HeaderIdentity": { "Mode": "Off" } """)]
    [InlineData(""", "HeaderIdentity": { "Mode": "Shadow" } """)]
    public async Task Route_of_a_product_that_does_not_ask_who_calls_stops_the_start(string policies)
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            $$"""{ "Products": { "gold": { "Routes": [ "r" ] } }, "Routes": { "r": { "Match": { "Path": "/r" }, "Respond": {} {{policies}} } } }""", AddHeaderIdentity));
        var error = Assert.Single(exception.Errors);
        Assert.Equal("Gateway:Products:gold:Routes", error.Path);
        Assert.Contains("does not ask every caller who it is", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Product_with_a_misspelled_route_stops_the_start()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Products": { "gold": { "Routes": [ "ordres" ] } }, "Routes": { "orders": { "Match": { "Path": "/r" }, "Respond": {}, "HeaderIdentity": {} } } }""", AddHeaderIdentity));
        Assert.Contains("Did you mean 'orders'?", Assert.Single(exception.Errors).Message, StringComparison.Ordinal);
    }

    // The way that the documentation offers to hosts: it knows nothing of subscriptions.
    [Fact]
    public async Task Caller_whom_a_policy_of_the_host_names_needs_a_subscription_too()
    {
        await using var gateway = await TestHost.GatewayAsync(
            """{ "Products": { "gold": { "Routes": [ "r", "own" ] } }, "Routes": { "r": { "Match": { "Path": "/r" }, "Respond": {}, "HeaderIdentity": {} } } }""",
            AddHeaderIdentity,
            app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/own", () => "own").WithName("own").WithGatewayPolicy(new HeaderIdentityPolicy());
                app.MapGet("/other", () => "other").WithName("other").WithGatewayPolicy(new HeaderIdentityPolicy());
            });
        Assert.Equal("not-subscribed", await CodeAsync(gateway, "/r"));
        Assert.Equal("not-subscribed", await CodeAsync(gateway, "/own"));
        Assert.Equal("200", await CodeAsync(gateway, "/other"));
    }

    // While a reload builds its endpoints, the old ones serve.
    [Fact]
    public async Task Endpoint_that_a_reload_replaces_goes_by_the_products_it_was_built_with()
    {
        var source = new MemoryRouteSource { Set = Set("orders") };
        await using var gateway = await TestHost.GatewayAsync(services: builder =>
        {
            AddHeaderIdentity(builder);
            builder.AddSource(source);
        });
        var old = gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.Single(static endpoint => endpoint.Metadata.GetMetadata<GatewayRoute>() is not null);
        source.Set = Set("orders-v2");
        await gateway.ReloadAsync();
        var context = new DefaultHttpContext { RequestServices = gateway.App.Services, Response = { Body = new MemoryStream() } };
        (context.Request.Method, context.Request.Path, context.Request.Headers["X-Caller"]) = ("GET", "/r", "stranger||");
        await old.RequestDelegate!(context);
        Assert.Equal(StatusCodes.Status403Forbidden, context.Response.StatusCode);

        static RouteSet Set(string id) => new()
        {
            Products = [new() { Id = "gold", Routes = [id] }],
            Routes = [new() { Id = id, Match = new() { Path = "/r" }, Respond = new(), Policies = [new HeaderIdentityPolicy()] }],
        };
    }

    // Whoever has limits of their own is forgotten with what is remembered of the credential; what they have used is not.
    [Fact]
    public async Task Rate_of_one_key_outlives_reloads_and_collections()
    {
        var source = new MemoryRouteSource { Set = Set(displayName: "first") };
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddSource(source));
        Assert.Equal("200", await CodeAsync(gateway, "/r"));
        for (var reload = 0; reload < 3; reload++)
        {
            source.Set = Set(displayName: $"reload {reload}");
            await gateway.ReloadAsync();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            Assert.Equal("rate-limited", await CodeAsync(gateway, "/r"));
        }

        static RouteSet Set(string displayName) => new()
        {
            Routes = [new() { Id = "r", Match = new() { Path = "/r" }, Respond = new(), Policies = [new ApiKeyPolicy()] }],
            Consumers =
            [
                new() { Id = "acme", DisplayName = displayName, Keys = [Key.ToStored() with { Policies = [new ThrottlePolicy { Limit = 1, Window = TimeSpan.FromHours(1), Burst = 1 }] }] },
            ],
        };
    }

    [Fact]
    public async Task Identity_that_is_only_tried_brings_no_plan_into_force_and_gives_way_to_one_that_is()
    {
        await using var gateway = await TestHost.GatewayAsync(
            $$"""
            {
              "Plans": { "none": { "Throttle": { "Limit": 1, "Window": "01:00:00", "Burst": 1 } } },
              "Consumers": { "acme": { "Plan": "none", "Keys": { "{{Key.Id}}": { "Hash": "{{Key.Hash}}" } } } },
              "Routes": {
                "tried": { "Match": { "Path": "/tried" }, "Respond": {}, "ApiKey": { "Mode": "Shadow" } },
                "both": { "Match": { "Path": "/both" }, "Respond": {}, "ApiKey": { "Mode": "Shadow" }, "HeaderIdentity": {} }
              }
            }
            """,
            AddHeaderIdentity);
        for (var request = 0; request < 3; request++)
        {
            Assert.Equal("200", await CodeAsync(gateway, "/tried"));
            Assert.Equal("200", await CodeAsync(gateway, "/both"));
        }
    }

    private static void AddHeaderIdentity(GatewayBuilder builder) => builder.AddPolicy<HeaderIdentityPolicy, HeaderIdentityFilterFactory>("HeaderIdentity");

    private static async Task<string> CodeAsync(TestHost gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "X-Caller", "bolt||" }, { "X-Api-Key", Key.Reveal() } } };
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode is HttpStatusCode.OK ? "200" : (await answer.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!["code"]!.GetValue<string>();
    }
}
