using System.Text.Json.Nodes;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity;
using GatewayKit.Identity.Access;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.SelfService;

/// <summary>Which routes a caller is told of: those that let it in, as far as that does not depend on the request.</summary>
public sealed class SelfServiceRoutesTests
{
    private static readonly ApiKey Key = ApiKey.Create();

    [Theory]
    [InlineData("alice||", "", "/any /own /plain /read-or-key")]
    [InlineData("alice||read", "", "/any /own /plain /read /read-or-key")]
    [InlineData("alice|gold|", "", "/any /gold /own /plain /read-or-key")]
    [InlineData("alice||", "role=chief", "/any /chiefs /own /plain /read-or-key")]
    [InlineData("alice||", "tenant=t1", "/any /own /plain /read-or-key /t/{tenant}")]
    [InlineData("bob||", "", "/any /bobs /own /plain /read-or-key")]
    public async Task Caller_is_told_of_routes_that_let_it_in(string caller, string claims, string paths)
    {
        await using var gateway = await StartAsync();
        gateway.Client.DefaultRequestHeaders.Add("X-Caller", caller);
        gateway.Client.DefaultRequestHeaders.Add("X-Claims", claims.Length == 0 ? "none=none" : claims);
        var view = await LookAsync(gateway);
        Assert.Equal(paths, PathsIn(view));
        Assert.Equal(caller.Split('|')[0], (string?)view["consumer"]!["id"]);
        Assert.Equal("identity", (string?)view["credential"]!["kind"]);

        // What it is told holds.
        foreach (var path in paths.Split(' '))
        {
            using var response = await gateway.Client.GetAsync(new Uri(path.Replace("{tenant}", "t1", StringComparison.Ordinal), UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(200, (int)response.StatusCode);
        }
    }

    // A way of the host's own tells nothing of what it asks: who came with a key is not told of it.
    [Fact]
    public async Task Caller_with_a_key_is_told_of_what_takes_keys()
    {
        await using var gateway = await StartAsync();
        gateway.Client.DefaultRequestHeaders.Add("X-Api-Key", Key.Reveal());
        Assert.Equal("/any /key /read-or-key", PathsIn(await LookAsync(gateway)));
    }

    [Fact]
    public async Task Methods_are_those_that_both_the_route_and_its_rules_take()
    {
        await using var gateway = await StartAsync();
        gateway.Client.DefaultRequestHeaders.Add("X-Caller", "alice||");
        var routes = (await LookAsync(gateway))["general"]!["routes"]!.AsArray();
        Assert.Equal("""["GET"]""", routes.Single(static route => (string?)route!["paths"]![0] == "/own")!["methods"]!.ToJsonString());
        Assert.Null(routes.Single(static route => (string?)route!["paths"]![0] == "/plain")!["methods"]);
    }

    // What it would tell apart by besides is not in a look, and a function of the host might not bear one.
    [Fact]
    public async Task Limits_that_go_by_more_than_the_consumer_are_not_told()
    {
        await using var gateway = await TestHost.GatewayAsync(
            """{ "Routes": { "r": { "Match": { "Path": "/r" }, "Respond": {}, "ApiKey": {}, "Throttle": { "RequestsPerSecond": 5, "Partition": "ClientAddress" } } } }""",
            static gateway => gateway.AddConsumers([new() { Id = "acme", Keys = [Key.ToStored()] }]),
            static app =>
            {
                app.MapGatewayRoutes().WithThrottling(new()
                {
                    RequestsPerSecond = 5,
                    Partition = ThrottlePartition.Consumer.And(ThrottlePartition.From("port", static context => context.Connection.RemoteIpAddress!.ToString())),
                });
                app.MapGatewaySelfService().RequireApiKey();
            });
        gateway.Client.DefaultRequestHeaders.Add("X-Api-Key", Key.Reveal());
        Assert.Null((await LookAsync(gateway))["general"]!["routes"]![0]!["limits"]);
    }

    private static Task<TestHost> StartAsync() => TestHost.GatewayAsync(
        """
        {
          "Plans": { "gold": {} },
          "Consumers": { "bob": {} },
          "Routes": {
            "plain": { "Match": { "Path": "/plain" }, "Respond": {}, "HeaderIdentity": {} },
            "read": { "Match": { "Path": "/read" }, "Respond": {}, "HeaderIdentity": {}, "Access": { "Scopes": [ "read" ] } },
            "gold": { "Match": { "Path": "/gold" }, "Respond": {}, "HeaderIdentity": {}, "Access": { "Plans": [ "gold" ] } },
            "chiefs": { "Match": { "Path": "/chiefs" }, "Respond": {}, "HeaderIdentity": {}, "Access": { "Claims": [ { "Type": "role", "Values": [ "chief" ] } ] } },
            "tenants": { "Match": { "Path": "/t/{tenant}" }, "Respond": {}, "HeaderIdentity": {}, "Access": { "Tenant": { "Claim": "tenant", "RouteValue": "tenant" } } },
            "bobs": { "Match": { "Path": "/bobs" }, "Respond": {}, "HeaderIdentity": {}, "Access": { "Consumers": [ "bob" ] } },
            "hosts": { "Match": { "Path": "/hosts" }, "Respond": {}, "HeaderIdentity": {}, "Access": { "AuthorizationPolicies": [ "everybody" ] } },
            "tried": { "Match": { "Path": "/tried" }, "Respond": {}, "HeaderIdentity": { "Mode": "Shadow" } },
            "any": { "Match": { "Path": "/any" }, "Respond": {}, "AnyOf": { "ApiKey": {}, "HeaderIdentity": {} } },
            "read-or-key": { "Match": { "Path": "/read-or-key" }, "Respond": {}, "AnyOf": { "ApiKey": {}, "HeaderIdentity": {} }, "Access": { "Scopes": [ "read" ], "Mode": "Shadow" } },
            "key": { "Match": { "Path": "/key" }, "Respond": {}, "ApiKey": {} },
            "scoped-key": { "Match": { "Path": "/scoped-key" }, "Respond": {}, "ApiKey": { "Scopes": [ "write" ] } }
          }
        }
        """,
        static gateway =>
        {
            gateway.AddPolicy<HeaderIdentityPolicy, HeaderIdentityFilterFactory>("HeaderIdentity").AddConsumers([new() { Id = "acme", Keys = [Key.ToStored()] }]);
            gateway.Services.AddAuthorizationBuilder().AddPolicy("everybody", static policy => policy.RequireAssertion(static _ => true));
        },
        static app =>
        {
            app.UseAuthorization();
            app.MapGatewayRoutes();
            app.MapGet("/own", static () => "own").WithGatewayPolicy(new HeaderIdentityPolicy()).RequireAccess(new AccessPolicy { Methods = ["GET", "PUT"] });
            app.MapGet("/host", static () => "host").WithGatewayPolicy(new HeaderIdentityPolicy()).WithMetadata(new AuthorizeAttribute("everybody"));
            app.MapGatewaySelfService().RequireAnyOf(new ApiKeyPolicy(), new HeaderIdentityPolicy());
        });

    private static async Task<JsonObject> LookAsync(TestHost gateway) => JsonNode.Parse(await gateway.Client.GetStringAsync("/me", TestContext.Current.CancellationToken))!.AsObject();

    private static string PathsIn(JsonObject view) =>
        string.Join(' ', view["subscriptions"]!.AsArray().Append(view["general"]).SelectMany(static grant => grant!["routes"]!.AsArray()).Select(static route => (string)route!["paths"]![0]!).Order(StringComparer.Ordinal));
}
