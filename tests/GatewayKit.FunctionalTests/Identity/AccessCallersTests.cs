using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity.Schemes;
using GatewayKit.Identity.ApiKeys;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>Whose rights count where a request could be of several callers, and what strangers are told.</summary>
public sealed class AccessCallersTests
{
    private const string Tenant = """{ "Tenant": { "Claim": "tenant", "RouteValue": "tenant" } }""";

    private readonly ApiKey _key = ApiKey.Create();

    // The key is of one caller, the token that the host's middleware believes is of another.
    [Theory]
    [InlineData("""{ "Scopes": [ "read" ] }""", 200)]
    [InlineData("""{ "Scopes": [ "write" ] }""", 403)]
    [InlineData("""{ "Scopes": [ "read", "write" ] }""", 403)]
    [InlineData("""{ "AnyScope": [ "write" ] }""", 403)]
    [InlineData("""{ "Roles": [ "admin" ] }""", 403)]
    [InlineData("""{ "Claims": [ { "Type": "tenant", "Values": [ "b" ] } ] }""", 403)]
    [InlineData(Tenant, 403)]
    [InlineData("""{ "AuthorizationPolicies": [ "IsOfB" ] }""", 403)]
    public async Task Rights_of_two_callers_do_not_add_up(string access, int status)
    {
        await using var gateway = await StartAsync("\"ApiKey\": {}", access);
        Assert.Equal(status, await AskAsync(gateway, token: "client_id=b;scope=write;tenant=b;http://schemas.microsoft.com/ws/2008/06/identity/claims/role=admin", withKey: true));
    }

    [Theory]
    [InlineData("""{ "Scopes": [ "write" ] }""", 403)]
    [InlineData(Tenant, 403)]
    public async Task Rights_of_two_callers_do_not_add_up_where_any_credential_will_do(string access, int status)
    {
        await using var gateway = await StartAsync("\"AnyOf\": { \"ApiKey\": {}, \"Identity\": { \"Schemes\": [ \"Word\" ] } }", access);
        Assert.Equal(status, await AskAsync(gateway, token: "client_id=b;scope=write;tenant=b", withKey: true));
        Assert.Equal(200, await AskAsync(gateway, token: "client_id=b;scope=write;tenant=b", withKey: false));
    }

    // What is only tried decides nothing.
    [Theory]
    [InlineData("""{ "Scopes": [ "read" ] }""", 403)]
    [InlineData("""{ "Scopes": [ "write" ] }""", 200)]
    [InlineData("""{ "Consumers": [ "a" ] }""", 403)]
    [InlineData("""{ "AuthorizationPolicies": [ "IsOfB" ] }""", 200)]
    [InlineData(Tenant, 200)]
    public async Task Key_that_is_only_tried_changes_nothing_for_the_user_of_the_host(string access, int status)
    {
        await using var gateway = await StartAsync("\"ApiKey\": { \"Mode\": \"Shadow\" }", access);
        Assert.Equal(status, await AskAsync(gateway, token: "client_id=b;scope=write;tenant=b", withKey: true));
    }

    [Fact]
    public async Task Limits_of_a_key_are_no_plan_that_a_rule_could_name()
    {
        await using var gateway = await TestHost.GatewayAsync(
            $$"""
            {
              "Plans": { "custom": {} },
              "Consumers": { "a": { "Keys": { "{{_key.Id}}": { "Hash": "{{_key.Hash}}", "Throttle": { "RequestsPerSecond": 100 } } } } },
              "Routes": { "r": { "Match": { "Path": "/t/b/x" }, "Respond": {}, "ApiKey": {}, "Access": { "Plans": [ "custom" ] } } }
            }
            """);
        Assert.Equal(403, await AskAsync(gateway, token: null, withKey: true));
    }

    [Theory]
    [InlineData("""{ "Scopes": [ "write" ], "Roles": [ "admin" ], "Claims": [ { "Type": "tenant", "Values": [ "b" ] } ], "AuthorizationPolicies": [ "IsOfB" ] }""")]
    [InlineData(Tenant)]
    public async Task Claims_of_the_identity_that_calls_count(string access)
    {
        await using var gateway = await StartAsync("\"Identity\": { \"Schemes\": [ \"Word\" ] }", access);
        Assert.Equal(200, await AskAsync(gateway, token: "client_id=b;scope=write;tenant=b;http://schemas.microsoft.com/ws/2008/06/identity/claims/role=admin", withKey: false));
        Assert.Equal(403, await AskAsync(gateway, token: "client_id=b;scope=read;tenant=a", withKey: false));
    }

    [Theory]
    [InlineData("client_id=b;scope=b a", 200)]
    [InlineData("client_id=b;scp=b;scp=a", 200)]
    [InlineData("client_id=b;scope=A", 403)]
    [InlineData("client_id=b;scope=ab", 403)]
    [InlineData("client_id=b;other=a", 403)]
    public async Task Scopes_are_those_of_the_user_where_only_the_host_knows_who_calls(string token, int status)
    {
        await using var gateway = await StartAsync(identity: null, """{ "Scopes": [ "a" ] }""");
        Assert.Equal(status, await AskAsync(gateway, token, withKey: false));
    }

    // What is tried refuses nobody, whatever it asks.
    [Theory]
    [InlineData("\"Scopes\": [ \"read\" ]")]
    [InlineData("\"Consumers\": [ \"a\" ]")]
    [InlineData("\"Methods\": [ \"DELETE\" ]")]
    public async Task Candidate_refuses_nobody(string candidate)
    {
        await using var gateway = await StartAsync(
            "\"ApiKey\": { \"Mode\": \"Shadow\" }", $$"""{ "Methods": [ "GET" ], "Candidate": { "Mode": "Shadow", {{candidate}} } }""");
        Assert.Equal(200, await AskAsync(gateway, token: null, withKey: false));
        using var post = await gateway.Client.PostAsync("/t/b/x", content: null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    [Theory]
    [InlineData("\"Identity\": { \"Mode\": \"Shadow\", \"Schemes\": [ \"Word\" ] }", "Word")]
    [InlineData("\"AnyOf\": { \"Mode\": \"Shadow\", \"ApiKey\": {}, \"Identity\": { \"Schemes\": [ \"Word\" ] } }", "ApiKey Word")]
    [InlineData(null, "Word")]
    public async Task Stranger_is_told_of_the_ways_that_there_are(string? identity, string challenges)
    {
        await using var gateway = await StartAsync(identity, """{ "Scopes": [ "read" ] }""");
        using var answer = await gateway.Client.GetAsync("/t/b/x", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(challenges, string.Join(' ', answer.Headers.WwwAuthenticate.Select(static one => one.Scheme)));
    }

    [Theory]
    [InlineData("Away", 503, "auth-unavailable")]
    [InlineData("Broken", 500, null)]
    public async Task Policy_of_the_host_whose_store_is_away_cannot_decide(string policy, int status, string? code)
    {
        using var log = new LogRecorder();
        await using var gateway = await StartAsync("\"ApiKey\": {}", $$"""{ "AuthorizationPolicies": [ "{{policy}}" ] }""", log);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/t/b/x") { Headers = { { "X-Api-Key", _key.Reveal() } } };
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
        if (code is not null)
        {
            Assert.Equal(code, (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!["code"]);
            Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
            Assert.Equal("Authorization policy Away cannot decide, and requests are refused: InvalidOperationException: refused", Assert.Single(log.Take(EventIds.AuthorizationUndecided)).Message);
        }
    }

    private Task<TestHost> StartAsync(string? identity, string access, LogRecorder? log = null) => TestHost.GatewayAsync(
        $$"""
        {
          "Consumers": { "a": { "Scopes": [ "read" ], "Keys": { "{{_key.Id}}": { "Hash": "{{_key.Hash}}" } } } },
          "Routes": { "r": { "Match": { "Path": "/t/{tenant}/{**rest}" }, "Respond": {}, {{(identity is null ? "" : identity + ",")}} "Access": {{access}} } }
        }
        """,
        builder =>
        {
            if (log is not null)
            {
                builder.Services.AddLogging(logging => logging.AddProvider(log));
            }

            builder.Services.AddWords("Word");
            builder.Services.AddAuthorization(static options =>
            {
                options.AddPolicy("IsOfB", static policy => policy.RequireClaim("tenant", "b"));
                options.AddPolicy("Away", static policy => policy.RequireAssertion(bool (_) => throw new InvalidOperationException("no rights", new HttpRequestException("refused"))));
                options.AddPolicy("Broken", static policy => policy.RequireAssertion(bool (_) => throw new InvalidOperationException("a bug")));
            });
        },
        static app =>
        {
            app.UseAuthentication();
            app.MapGatewayRoutes();
        });

    private async Task<int> AskAsync(TestHost gateway, string? token, bool withKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/t/b/x");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Word {token}");
        }

        if (withKey)
        {
            request.Headers.Add("X-Api-Key", _key.Reveal());
        }

        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }
}
