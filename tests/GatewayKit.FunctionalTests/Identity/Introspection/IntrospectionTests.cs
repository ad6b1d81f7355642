using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GatewayKit.FunctionalTests.Identity.Schemes;
using GatewayKit.FunctionalTests.Identity.TowardsDestinations;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Introspection;

/// <summary>Whom a token lets in, and what the server is asked.</summary>
public sealed class IntrospectionTests
{
    private const string Identities = """, "IdentityHeaders": { "Claims": { "email": "X-Email" } } """;

    [Theory]
    [InlineData("Basic")]
    [InlineData("Post")]
    [InlineData("PrivateKeyJwt")]
    public async Task Server_is_asked_as_the_standard_says(string way)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("t0k+en/~==", "acme");
        await using var gateway = await CredentialedGateway.StartAsync(
            server.Policy($$""", "ClientAuthentication": "{{way}}" """, way is "PrivateKeyJwt" ? "config:Secrets:Pem" : "config:Secrets:Client"),
            build: builder => builder.Configuration.AddInMemoryCollection([new("Secrets:Pem", key.ExportPkcs8PrivateKeyPem())]));
        Assert.Equal(200, (await gateway.SendAsync(("Authorization", "Bearer t0k+en/~=="))).Status);
        var (target, headers, form) = Assert.Single(server.Requests);
        Assert.Equal("POST /introspect", target);
        Assert.Equal("application/json", headers["Accept"]);
        Assert.Equal("application/x-www-form-urlencoded", headers["Content-Type"]);
        Assert.Equal(("t0k+en/~==", "access_token"), (form["token"], form["token_type_hint"]));
        switch (way)
        {
            case "Basic":
                Assert.Equal($"Basic {Convert.ToBase64String("gate%3Away:s3cr%3Aet+%2B%25"u8)}", headers["Authorization"]);
                Assert.Equal(2, form.Count);
                break;
            case "Post":
                Assert.Equal(("gate:way", "s3cr:et +%"), (form["client_id"], form["client_secret"]));
                Assert.False(headers.ContainsKey("Authorization"));
                break;
            default:
                Assert.Equal(("gate:way", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), (form["client_id"], form["client_assertion_type"]));
                var parts = form["client_assertion"].Split('.');
                Assert.True(key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256));
                using (var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1])))
                {
                    Assert.Equal(server.Endpoint.ToString(), claims.RootElement.GetProperty("aud").GetString());
                }

                Assert.False(form.ContainsKey("client_secret"));
                break;
        }
    }

    [Fact]
    public async Task Caller_is_the_consumer_that_the_answer_names_and_the_token_stays_at_the_gateway()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("registered", "shop", "read write");
        server.Issue("stranger", "somebody", more: """, "email": "x@example.com" """);
        server.Issue("pretender", "acme");
        await using var gateway = await StartAsync(server.Policy() + Identities);
        var registered = await gateway.SendAsync(("Authorization", "Bearer registered"));
        Assert.Equal(("acme", "read write", null), (registered["X-GW-Consumer"], registered["X-GW-Scopes"], registered["Authorization"]));
        var stranger = await gateway.SendAsync(("Authorization", "Bearer stranger"));
        Assert.Equal(("introspection/partners/somebody", "x@example.com"), (stranger["X-GW-Consumer"], stranger["X-Email"]));
        Assert.Equal("introspection/partners/acme", (await gateway.SendAsync(("Authorization", "Bearer pretender")))["X-GW-Consumer"]);
    }

    [Fact]
    public async Task Scheme_of_the_host_cannot_say_that_a_caller_is_one_of_the_servers()
    {
        await using var gateway = await StartAsync(""" "Identity": {} """ + Identities, build: static builder =>
        {
            builder.Services.AddWords("Word");
            AddAcme(builder.Services.AddApiGateway(), ApiKey.Create());
        });
        Assert.Equal("Word/introspection/partners/shop", (await gateway.SendAsync(("Authorization", "Word client_id=introspection/partners/shop")))["X-GW-Consumer"]);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(""", "ForwardToken": true """, "Bearer token")]
    [InlineData(""" }, "UpstreamCredentials": { "Relay": true """, "Bearer token")]
    public async Task Token_goes_on_where_that_is_asked_for_alone(string more, string? seen)
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("token", "acme");
        await using var gateway = await StartAsync(server.Policy(more));
        Assert.Equal(seen, (await gateway.SendAsync(("Authorization", "Bearer token")))["Authorization"]);
    }

    [Fact]
    public async Task Caller_who_was_not_granted_all_is_told_what_it_takes()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("reads", "acme", "read");
        server.Issue("writes", "acme", "write read");
        server.Issue("neither", "acme", "");
        await using var gateway = await StartAsync(server.Policy(""", "Scopes": [ "read", "write" ] """));
        Assert.Equal((200, ""), await AskAsync(gateway, "writes"));
        foreach (var token in new[] { "reads", "neither" })
        {
            Assert.Equal((403, "Bearer realm=\"gatewaykit\", error=\"insufficient_scope\", scope=\"read write\""), await AskAsync(gateway, token));
        }
    }

    [Fact]
    public async Task Refusals_say_what_a_client_can_do()
    {
        await using var server = await IntrospectionServer.StartAsync();
        await using var gateway = await StartAsync(server.Policy());
        Assert.Equal((401, "Bearer realm=\"gatewaykit\""), await AskAsync(gateway, null));
        Assert.Equal((401, "Bearer realm=\"gatewaykit\", error=\"invalid_token\""), await AskAsync(gateway, "unknown"));
        Assert.Equal((401, "Bearer realm=\"gatewaykit\", error=\"invalid_token\""), await AskAsync(gateway, "no token"));
        Assert.Equal(400, (await AskAsync(gateway, "a, Bearer b")).Status);
    }

    [Fact]
    public async Task Caller_has_to_be_known_and_active_where_that_is_asked_for()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("registered", "shop");
        server.Issue("stranger", "somebody");
        server.Issue("suspended", "gone");
        await using var gateway = await StartAsync(server.Policy(""", "RequireRegistered": true """));
        Assert.Equal(200, (await AskAsync(gateway, "registered")).Status);
        Assert.Equal(403, (await AskAsync(gateway, "stranger")).Status);
        Assert.Equal(403, (await AskAsync(gateway, "suspended")).Status);
    }

    [Fact]
    public async Task Rules_of_access_go_by_the_answer()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("ours", "acme", more: """, "tenant": "x", "roles": [ "reader", "admin" ] """);
        server.Issue("theirs", "acme", more: """, "tenant": "y", "roles": [ "admin" ] """);
        server.Issue("nobodys", "acme", more: """, "roles": [ "admin" ] """);
        server.Issue("reader", "acme", more: """, "tenant": "x", "roles": [ "reader" ] """);
        await using var gateway = await StartAsync(server.Policy() + """, "Access": { "Claims": [ { "Type": "tenant", "Values": [ "x" ] } ], "Roles": [ "admin" ], "Scopes": [ "read" ] } """);
        Assert.Equal(200, (await AskAsync(gateway, "ours")).Status);
        foreach (var token in new[] { "theirs", "nobodys", "reader" })
        {
            Assert.Equal(403, (await AskAsync(gateway, token)).Status);
        }
    }

    [Fact]
    public async Task Product_is_for_its_subscribers()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("subscriber", "subscribed");
        server.Issue("other", "shop");
        server.Issue("stranger", "somebody");
        await using var gateway = await StartAsync(server.Policy(), """
            "Plans": { "small": { "Throttle": { "RequestsPerSecond": 0.001, "Burst": 1 } } }, "Products": { "orders": { "Routes": [ "all" ], "Plans": [ "small" ] } },
            "Consumers": { "sub": { "Identities": [ "introspection/partners/subscribed" ], "Subscriptions": { "orders": { "Plan": "small" } } } }
            """);
        Assert.Equal(200, (await AskAsync(gateway, "subscriber")).Status);
        Assert.Equal(429, (await AskAsync(gateway, "subscriber")).Status);
        Assert.Equal(403, (await AskAsync(gateway, "other")).Status);
        Assert.Equal(403, (await AskAsync(gateway, "stranger")).Status);
    }

    [Theory]
    [InlineData("Introspection", "ApiKey")]
    [InlineData("ApiKey", "Introspection")]
    public async Task Key_or_token_is_enough_and_both_have_to_agree(string first, string second)
    {
        var key = ApiKey.Create();
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("same", "shop");
        server.Issue("other", "somebody");
        var ways = new Dictionary<string, string> { ["Introspection"] = server.Settings(), ["ApiKey"] = "{}" };
        await using var gateway = await StartAsync(
            $$""" "AnyOf": { "{{first}}": {{ways[first]}}, "{{second}}": {{ways[second]}} } """, build: builder => AddAcme(builder.Services.AddApiGateway(), key));
        foreach (var (token, hasKey, status) in new[] { ("same", false, 200), ("same", true, 200), ("other", true, 403), ("other", false, 200), ("unknown", true, 401), ("unknown", false, 401), (null, true, 200), (null, false, 401) })
        {
            (string, string)[] fields = [.. token is null ? [] : new[] { ("Authorization", $"Bearer {token}") }, .. hasKey ? new[] { ("X-Api-Key", key.Reveal()) } : []];
            var answer = await gateway.SendAsync(fields);
            Assert.Equal(status, answer.Status);
            Assert.Null(answer["Authorization"]);
        }
    }

    // A key that is written as a token is told to nobody.
    [Fact]
    public async Task Server_is_never_told_a_key()
    {
        var key = ApiKey.Create();
        await using var server = await IntrospectionServer.StartAsync();
        await using var gateway = await StartAsync(
            $$""" "AnyOf": { "Introspection": {{server.Settings()}}, "ApiKey": { "Header": "Authorization" } } """, build: builder => AddAcme(builder.Services.AddApiGateway(), key));
        Assert.Equal(200, (await AskAsync(gateway, key.Reveal())).Status);
        Assert.Equal(401, (await AskAsync(gateway, ApiKey.Create().Reveal())).Status);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task What_is_only_tried_refuses_nothing_and_takes_nothing()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("good", "acme");
        await using var gateway = await StartAsync(server.Policy(""", "Mode": "Shadow" """));
        Assert.Equal("Bearer good", (await gateway.SendAsync(("Authorization", "Bearer good")))["Authorization"]);
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal($"Bearer bad-{i}", (await gateway.SendAsync(("Authorization", $"Bearer bad-{i}")))["Authorization"]);
        }

        server.Answer = static context => IntrospectionServer.SayAsync(context, 401, "{}");
        Assert.Equal(200, (await AskAsync(gateway, "other")).Status);
        Assert.Equal(200, (await AskAsync(gateway, null)).Status);
        Assert.Equal(202, server.Requests.Count);
    }

    private static GatewayBuilder AddAcme(GatewayBuilder builder, ApiKey key) => builder.AddConsumers([new Consumer { Id = "acme", Keys = [key.ToStored()], Identities = ["introspection/partners/shop"] }]);

    private static Task<CredentialedGateway> StartAsync(string policies, string? catalog = null, Action<WebApplicationBuilder>? build = null) => CredentialedGateway.StartAsync(
        policies,
        build: build ?? (builder => builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""
            { "Gateway": { {{catalog ?? """ "Consumers": { "acme": { "Identities": [ "introspection/partners/shop" ] }, "gone": { "State": "Suspended", "Identities": [ "introspection/partners/gone" ] } } """}} } }
            """)))));

    private static async Task<(int Status, string Challenge)> AskAsync(CredentialedGateway gateway, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, response.Headers.WwwAuthenticate.ToString());
    }
}
