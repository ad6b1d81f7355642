using System.Collections.Concurrent;
using System.Net;
using System.Security.Claims;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity.Schemes;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Priorities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>Whose claims count where several credentials came with a request: rules, partitions, headers and priorities all go by the caller's, and by nobody else's.</summary>
public sealed class CallerClaimsTests
{
    private static readonly Dictionary<string, string> Tiers = new() { ["gold"] = PriorityClass.Critical };

    private readonly ApiKey _key = ApiKey.Create();

    [Theory]
    [InlineData("\"ApiKey\": {}, \"Identity\": { \"Schemes\": [ \"Word\" ] }")]
    [InlineData("\"AnyOf\": { \"ApiKey\": {}, \"Identity\": { \"Schemes\": [ \"Word\" ] } }")]
    [InlineData("\"AnyOf\": { \"Identity\": { \"Schemes\": [ \"Word\" ] }, \"ApiKey\": {} }")]
    public async Task Token_beside_the_key_of_the_same_consumer_says_their_claims(string identity)
    {
        await using var gateway = await RulesAsync(identity, ofKey: "\"Keys\": KEYS, \"Identities\": [ \"acme-id\" ]");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(gateway, "client_id=acme-id;tenant=b", withKey: true));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(gateway, "client_id=acme-id;tenant=a", withKey: true));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(gateway, "client_id=other-id;tenant=b", withKey: true));
    }

    [Theory]
    [InlineData("\"Identities\": [ \"acme-id\" ], \"Applications\": { \"web\": { \"Keys\": KEYS } }", HttpStatusCode.OK)]
    [InlineData("\"Applications\": { \"web\": { \"Keys\": KEYS, \"Identities\": [ \"acme-id\" ] } }", HttpStatusCode.OK)]
    [InlineData("\"Applications\": { \"web\": { \"Keys\": KEYS }, \"batch\": { \"Identities\": [ \"acme-id\" ] } }", HttpStatusCode.Forbidden)]
    public async Task Rights_of_two_applications_do_not_add_up(string consumer, HttpStatusCode status)
    {
        await using var gateway = await RulesAsync("\"ApiKey\": {}, \"Identity\": { \"Schemes\": [ \"Word\" ] }", consumer);
        Assert.Equal(status, await AskAsync(gateway, "client_id=acme-id;tenant=b", withKey: true));
    }

    [Fact]
    public async Task Token_that_is_only_tried_adds_no_claims_to_a_key()
    {
        await using var gateway = await RulesAsync("\"ApiKey\": {}, \"Identity\": { \"Mode\": \"Shadow\", \"Schemes\": [ \"Word\" ] }", ofKey: "\"Keys\": KEYS, \"Identities\": [ \"acme-id\" ]");
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(gateway, "client_id=acme-id;tenant=b", withKey: true));
    }

    [Fact]
    public async Task Partition_by_a_claim_goes_by_the_caller()
    {
        await using var gateway = await TestHost.GatewayAsync(
            $$"""
            {
              "Consumers": { "acme": { "Keys": {{Keys}} } },
              "Routes":
              {
                "key": { "Match": { "Path": "/key" }, "Respond": {}, "ApiKey": {}, "Throttle": { "RequestsPerSecond": 0.001, "Partition": "Claim:client_id" } },
                "host": { "Match": { "Path": "/host" }, "Respond": {}, "Throttle": { "RequestsPerSecond": 0.001, "Partition": "Claim:client_id" } }
              }
            }
            """,
            static builder => builder.Services.AddWords("Word"),
            static app =>
            {
                app.UseAuthentication();
                app.MapGatewayRoutes();
            });

        // Whoever has a key gets no allowance more for each token of somebody else.
        Assert.Equal(HttpStatusCode.OK, await AskAsync(gateway, "client_id=x", withKey: true, "/key"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(gateway, "client_id=y", withKey: true, "/key"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(gateway, "client_id=x", withKey: false, "/host"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(gateway, "client_id=y", withKey: false, "/host"));
    }

    [Theory]
    [InlineData("Enforce", "acme", "")]
    [InlineData("Shadow", "", "b")]
    public async Task Destination_is_told_of_one_caller_only(string mode, string consumer, string tenant)
    {
        var seen = new ConcurrentQueue<(string, string)>();
        await using var upstream = await Upstream.StartAsync(context =>
        {
            seen.Enqueue((context.Request.Headers["X-GW-Consumer"].ToString(), context.Request.Headers["X-Tenant"].ToString()));
            return Task.CompletedTask;
        });
        await using var gateway = await TestHost.GatewayAsync(
            $$"""
            {
              "Consumers": { "acme": { "Keys": {{Keys}} } },
              "Clusters": { "up": { "Destinations": { "a": { "Address": "{{upstream.Address}}" } } } },
              "Routes": { "r": { "Match": { "Path": "/t/b/x" }, "Cluster": "up", "ApiKey": { "Mode": "{{mode}}" }, "IdentityHeaders": { "Claims": { "tenant": "X-Tenant" } } } }
            }
            """,
            static builder => builder.Services.AddWords("Word"),
            static app =>
            {
                app.UseAuthentication();
                app.MapGatewayRoutes();
            });
        Assert.Equal(HttpStatusCode.OK, await AskAsync(gateway, "client_id=other;tenant=b", withKey: true));
        Assert.Equal((consumer, tenant), Assert.Single(seen));
    }

    [Theory]
    [InlineData("/key", "client_id=other;tier=gold", true, PriorityClass.Standard)]
    [InlineData("/token", "client_id=acme-id;tier=gold", false, PriorityClass.Critical)]
    [InlineData("/both", "client_id=acme-id;tier=gold", true, PriorityClass.Critical)]
    [InlineData("/host", "client_id=other;tier=gold", false, PriorityClass.Critical)]
    [InlineData("/own", "client_id=other;tier=gold", true, PriorityClass.BestEffort)]
    public async Task Class_by_a_claim_goes_by_the_caller(string path, string token, bool withKey, string expected)
    {
        await using var gateway = await TestHost.GatewayAsync(
            $$"""{ "Consumers": { "acme": { "Keys": {{Keys}}, "Identities": [ "acme-id" ] } } }""",
            static builder => builder.Services.AddWords("Word"),
            static app =>
            {
                // Only some of the endpoints have a user of the host.
                app.UseWhen(static context => context.Request.Path.Value is "/key" or "/host" or "/own", static inner => inner.UseAuthentication());
                var policy = new RequestPriorityPolicy { Claim = "tier", Classes = Tiers };
                app.MapGet("/key", Tell).RequireApiKey().WithRequestPriority(policy);
                app.MapGet("/token", Tell).RequireIdentity("Word").WithRequestPriority(policy);
                app.MapGet("/both", Tell).RequireApiKey().RequireIdentity("Word").WithRequestPriority(policy);
                app.MapGet("/host", Tell).WithRequestPriority(policy);
                app.MapGet("/own", Tell).WithRequestPriority(policy).RequireApiKey().AddEndpointFilter(static (context, next) =>
                {
                    GatewayContext.From(context).Priority = PriorityClass.BestEffort;
                    return next(context);
                });
            });
        using var request = Request(token, withKey, path);
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    // The host's own code may give a request a user whom nobody has authenticated.
    [Fact]
    public async Task Class_by_a_claim_needs_somebody_who_vouches_for_it()
    {
        await using var gateway = await TestHost.GatewayAsync("{}", map: static app =>
        {
            app.Use((context, next) =>
            {
                context.User = new(new ClaimsIdentity([new("tier", "gold")]));
                return next(context);
            });
            app.MapGet("/t/b/x", Tell).WithRequestPriority(new RequestPriorityPolicy { Claim = "tier", Classes = Tiers });
        });
        Assert.Equal(PriorityClass.Standard, await gateway.Client.GetStringAsync("/t/b/x", TestContext.Current.CancellationToken));
    }

    private string Keys => $$"""{ "{{_key.Id}}": { "Hash": "{{_key.Hash}}" } }""";

    private Task<TestHost> RulesAsync(string identity, string ofKey) => TestHost.GatewayAsync(
        $$"""
        {
          "Consumers": { "acme": { {{ofKey.Replace("KEYS", Keys, StringComparison.Ordinal)}} }, "other": { "Identities": [ "other-id" ] } },
          "Routes": { "r": { "Match": { "Path": "/t/{tenant}/x" }, "Respond": {}, {{identity}}, "Access": { "Tenant": { "Claim": "tenant", "RouteValue": "tenant" } } } }
        }
        """,
        static builder => builder.Services.AddWords("Word"));

    private static string Tell(HttpContext context) => context.Features.Get<GatewayContext>()!.Priority;

    private HttpRequestMessage Request(string token, bool withKey, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Word {token}");
        if (withKey)
        {
            request.Headers.Add("X-Api-Key", _key.Reveal());
        }

        return request;
    }

    private async Task<HttpStatusCode> AskAsync(TestHost gateway, string token, bool withKey, string path = "/t/b/x")
    {
        using var request = Request(token, withKey, path);
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
