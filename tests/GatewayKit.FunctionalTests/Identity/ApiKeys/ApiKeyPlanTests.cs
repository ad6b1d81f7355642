using System.Net;
using System.Text.Json.Nodes;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Identity.ApiKeys;

/// <summary>Partners with plans, from configuration to answer.</summary>
public sealed class ApiKeyPlanTests
{
    private readonly ApiKey _acme = ApiKey.Create(), _acmeSlow = ApiKey.Create(), _globex = ApiKey.Create(), _initech = ApiKey.Create();
    private readonly FakeTimeProvider _time = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private string Json => $$"""
        {
          "PriorityClasses": [ "Critical", "Standard" ],
          "Plans": {
            "small": { "Throttle": { "RequestsPerSecond": 0.001, "Burst": 2 } },
            "large": { "Priority": "Critical", "Throttle": { "RequestsPerSecond": 0.001, "Burst": 6 } }
          },
          "Products": {
            "trade": { "Routes": [ "orders", "stock" ], "Throttle": { "RequestsPerSecond": 0.001, "Burst": 1 } }
          },
          "Consumers": {
            "acme": {
              "Keys": { "{{_acme.Id}}": { "Hash": "{{_acme.Hash}}" }, "{{_acmeSlow.Id}}": { "Hash": "{{_acmeSlow.Hash}}", "Throttle": { "RequestsPerSecond": 0.001, "Burst": 1 } } },
              "Subscriptions": { "trade": { "Plan": "large" } }
            },
            "globex": { "Keys": { "{{_globex.Id}}": { "Hash": "{{_globex.Hash}}" } }, "Subscriptions": { "trade": { "Plan": "small" } } },
            "initech": { "Keys": { "{{_initech.Id}}": { "Hash": "{{_initech.Hash}}" } } }
          },
          "Routes": {
            "orders": { "Match": { "Path": "/orders" }, "Respond": {}, "ApiKey": {} },
            "stock": { "Match": { "Path": "/stock" }, "Respond": {}, "ApiKey": {} },
            "ceiling": { "Match": { "Path": "/ceiling" }, "Respond": {}, "ApiKey": {}, "Throttle": { "RequestsPerSecond": 0.001, "Burst": 3, "Partition": "Route" } },
            "open": { "Match": { "Path": "/open" }, "Respond": {}, "ApiKey": {} }
          }
        }
        """;

    [Fact]
    public async Task Small_plan_is_used_up_while_the_large_one_passes_over_both_routes_together()
    {
        await using var gateway = await StartAsync(Json);
        Assert.Equal(["200", "200", "429 rate-limited"], await AskAsync(gateway, _globex, "/orders", "/stock", "/orders"));
        Assert.Equal(["200", "200", "200", "200", "200", "200", "429 rate-limited"], await AskAsync(gateway, _acme, "/orders", "/stock", "/orders", "/stock", "/orders", "/stock", "/orders"));
    }

    [Fact]
    public async Task Limit_of_the_key_holds_in_place_of_that_of_the_plan()
    {
        await using var gateway = await StartAsync(Json);
        Assert.Equal(["200", "429 rate-limited"], await AskAsync(gateway, _acmeSlow, "/orders", "/orders"));
    }

    [Fact]
    public async Task Limit_of_the_subscription_holds_in_place_of_that_of_the_plan()
    {
        await using var gateway = await StartAsync(Json.Replace("""{ "Plan": "small" }""", """{ "Plan": "small", "Throttle": { "RequestsPerSecond": 0.001, "Burst": 4 } }""", StringComparison.Ordinal));
        Assert.Equal(["200", "200", "200", "200", "429 rate-limited"], await AskAsync(gateway, _globex, "/orders", "/orders", "/orders", "/orders", "/orders"));
    }

    [Fact]
    public async Task Limit_of_the_product_holds_where_the_plan_has_none()
    {
        await using var gateway = await StartAsync(Json.Replace("""{ "Throttle": { "RequestsPerSecond": 0.001, "Burst": 2 } }""", "{}", StringComparison.Ordinal));
        Assert.Equal(["200", "429 rate-limited"], await AskAsync(gateway, _globex, "/orders", "/orders"));
    }

    [Fact]
    public async Task Route_of_a_product_is_closed_to_others_and_the_rest_is_open()
    {
        await using var gateway = await StartAsync(Json);
        Assert.Equal(["403 not-subscribed", "200"], await AskAsync(gateway, _initech, "/orders", "/open"));
    }

    // With a burst of three for everybody and of two in the plan: what the plan refuses costs the route nothing.
    [Fact]
    public async Task Ceiling_of_the_route_holds_for_all_and_gets_back_what_a_plan_refuses()
    {
        await using var gateway = await StartAsync(Json
            .Replace("[ \"orders\", \"stock\" ]", "[ \"orders\", \"stock\", \"ceiling\" ]", StringComparison.Ordinal));
        Assert.Equal(["200", "200", "429 rate-limited", "429 rate-limited"], await AskAsync(gateway, _globex, "/ceiling", "/ceiling", "/ceiling", "/ceiling"));
        Assert.Equal(["200", "429 rate-limited"], await AskAsync(gateway, _acme, "/ceiling", "/ceiling"));
    }

    [Fact]
    public async Task Priority_of_the_plan_is_that_of_the_request()
    {
        var seen = new List<string>();
        await using var gateway = await StartAsync(Json.Replace("\"orders\", \"stock\"", "\"orders\", \"stock\", \"own\"", StringComparison.Ordinal), app =>
        {
            app.MapGatewayRoutes();
            app.MapGet("/own", static () => "own").WithName("own").RequireApiKey().AddEndpointFilter((context, next) =>
            {
                seen.Add(GatewayContext.From(context).Priority);
                return next(context);
            });
        });
        await AskAsync(gateway, _acme, "/own");
        await AskAsync(gateway, _globex, "/own");
        Assert.Equal(["Critical", PriorityClass.Standard], seen);
    }

    [Fact]
    public async Task Key_expires_by_the_clock_of_the_host()
    {
        await using var gateway = await StartAsync(Json.Replace($"\"{_initech.Hash}\"", $"\"{_initech.Hash}\", \"ExpiresAt\": \"2026-03-01T13:00:00Z\"", StringComparison.Ordinal));
        Assert.Equal(["200"], await AskAsync(gateway, _initech, "/open"));
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(["200"], await AskAsync(gateway, _initech, "/open"));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["401 unauthenticated"], await AskAsync(gateway, _initech, "/open"));
    }

    [Fact]
    public async Task Two_keys_of_one_consumer_serve_until_the_first_is_taken_out()
    {
        var next = ApiKey.Create();
        var source = new MemoryRouteSource { Set = Set(_acme, next) };
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddSource(source));
        Assert.Equal(["200"], await AskAsync(gateway, _acme, "/"));
        Assert.Equal(["200"], await AskAsync(gateway, next, "/"));
        source.Set = Set(next);
        await gateway.ReloadAsync();
        Assert.Equal(["401 unauthenticated"], await AskAsync(gateway, _acme, "/"));
        Assert.Equal(["200"], await AskAsync(gateway, next, "/"));

        static GatewayKit.Configuration.RouteSet Set(params ApiKey[] keys) => new()
        {
            Routes = [new() { Id = "r", Match = new() { Path = "/" }, Respond = new(), Policies = [new ApiKeyPolicy()] }],
            Consumers = [new() { Id = "acme", Keys = [.. keys.Select(static key => key.ToStored())] }],
        };
    }

    private Task<TestHost> StartAsync(string json, Action<WebApplication>? map = null) =>
        TestHost.GatewayAsync(json, builder => builder.Services.AddSingleton<TimeProvider>(_time), map);

    private static async Task<string[]> AskAsync(TestHost gateway, ApiKey key, params string[] paths)
    {
        var answers = new List<string>();
        foreach (var path in paths)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "X-Api-Key", key.Reveal() } } };
            using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            answers.Add(response.StatusCode is HttpStatusCode.OK ? "200" : $"{(int)response.StatusCode} {JsonNode.Parse(body)!["code"]}");
        }

        return [.. answers];
    }
}
