using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity.Schemes;

/// <summary>Who calls, by schemes of the host.</summary>
public sealed class IdentityTests
{
    [Theory]
    [InlineData(null, 401, "unauthenticated")]
    [InlineData("Basic YTpi", 401, "unauthenticated")]
    [InlineData("Word wrong", 401, "unauthenticated")]
    [InlineData("Word anonymous", 401, "unauthenticated")]
    [InlineData("Word unavailable", 503, "auth-unavailable")]
    [InlineData("Word unreachable", 503, "auth-unavailable")]
    [InlineData("Word throws", 503, "auth-unavailable")]
    [InlineData("Word client_id=acme, Word client_id=evil", 400, "duplicate-credential")]
    [InlineData("Word name=somebody", 401, "unauthenticated")]
    [InlineData("Word client_id=", 401, "unauthenticated")]
    [InlineData("Word client_id=a%0Ab", 401, "unauthenticated")]
    [InlineData("Word client_id=a%C2%85b", 401, "unauthenticated")]
    [InlineData("Word client_id=acme;client_id=evil", 401, "unauthenticated")]
    [InlineData("Word client_id=;sub=acme", 401, "unauthenticated")]
    [InlineData("Word client_id=acme", 403, "forbidden")]
    [InlineData("Word client_id=acme;scope=orders:writes orders", 403, "forbidden")]
    public async Task Refused_request_gets_a_problem_and_no_destination_sees_it(string? authorization, int status, string code)
    {
        var seen = 0;
        await using var upstream = await Upstream.StartAsync(_ =>
        {
            seen++;
            return Task.CompletedTask;
        });
        await using var gateway = await GatewayAsync(upstream.Address, new() { Schemes = ["Word"], Scopes = ["orders:write"] });
        foreach (var path in new[] { "/route", "/own" })
        {
            using var response = await SendAsync(gateway, path, authorization);
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.Equal(code, (string?)(await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!["code"]);
            Assert.Equal(
                status switch { 401 => "Word realm=\"words\"", 403 => "Bearer error=\"insufficient_scope\", scope=\"orders:write\"", _ => "" },
                response.Headers.WwwAuthenticate.ToString());
        }

        Assert.Equal(0, seen);
    }

    // "acme" of a scheme "Word/x" would be "x/acme" of the scheme "Word". Which scheme answers may turn out only when a request comes.
    [Theory]
    [InlineData("Word", "Word/acme")]
    [InlineData("Word/x", "401")]
    public async Task Scheme_that_the_named_one_leaves_the_matter_to_has_no_slash_in_its_name(string scheme, string expected)
    {
        await using var gateway = await TestHost.StartAsync(
            static builder =>
            {
                builder.Services.AddWords("Word", "Word/x").AddPolicyScheme("Any", displayName: null, static options => options.ForwardDefaultSelector = static context => context.Request.Headers.Authorization.ToString().Split(' ')[0]);
                builder.Services.AddApiGateway();
            },
            static app => app.MapGet("/", static (HttpContext context) => context.Features.Get<GatewayConsumer>()!.Id).RequireIdentity("Any"));
        using var answer = await SendAsync(gateway, "/", $"{scheme} client_id=acme");
        Assert.Equal(expected, answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : $"{(int)answer.StatusCode}");
    }

    [Fact]
    public async Task Two_fields_are_two_credentials()
    {
        await using var gateway = await TestHost.StartAsync(Build, static app => app.MapGet("/", static () => "own").RequireIdentity("Word"));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Word client_id=acme\r\nAuthorization: Word client_id=acme\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400", await client.ReadAnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client_id=acme;azp=other;sub=alice", "Word/acme")]
    [InlineData("azp=acme;sub=alice", "Word/acme")]
    [InlineData("sub=alice", "Word/alice")]
    [InlineData("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier=alice", "Word/alice")]
    [InlineData("client_id=acme;client_id=acme", "Word/acme")]
    public async Task Caller_is_who_the_first_of_the_claims_names(string word, string consumer) => Assert.Equal(consumer, await WhoAsync(new() { Schemes = ["Word"] }, word));

    [Fact]
    public async Task A_policy_may_take_other_claims() => Assert.Equal("Word/t1", await WhoAsync(new() { Schemes = ["Word"], ConsumerClaims = ["tenant", "sub"] }, "tenant=t1;sub=alice"));

    [Fact]
    public async Task The_longest_id_has_200_characters()
    {
        Assert.Equal($"Word/{new string('a', 200)}", await WhoAsync(new() { Schemes = ["Word"] }, $"sub={new string('a', 200)}"));
        Assert.Equal("401", await WhoAsync(new() { Schemes = ["Word"] }, $"sub={new string('a', 201)}"));
    }

    [Theory]
    [InlineData("client_id=one", "registered acme a,b")]
    [InlineData("client_id=two", "registered bolt c")]
    [InlineData("client_id=one;scope=x y;scp=z", "registered acme x,y,z")]
    [InlineData("client_id=Word/one", "stranger Word/Word/one ")]
    [InlineData("client_id=Other/three", "stranger Word/Other/three ")]
    [InlineData("client_id=acme", "stranger Word/acme ")]
    [InlineData("client_id=sleepy", "403")]
    [InlineData("client_id=plain", "stranger Word/plain ")]
    public async Task Registered_consumers_are_found_by_their_identities(string word, string expected) =>
        Assert.Equal(expected, await WhoAsync(new() { Schemes = ["Word"] }, word, verbose: true, gateway => gateway.AddConsumers(
        [
            new() { Id = "acme", Identities = ["Word/one"], Scopes = ["a", "b"] },
            new() { Id = "bolt", Identities = ["Word/two"], Scopes = ["c"] },
            new() { Id = "cobo", Identities = ["Other/three"] },

            // Of the default scheme, which is another.
            new() { Id = "dodo", Identities = ["plain"] },
            new() { Id = "doze", Identities = ["Word/sleepy"], State = ConsumerState.Suspended },
        ])));

    [Theory]
    [InlineData("client_id=one", "acme")]
    [InlineData("client_id=two", "403")]
    public async Task Strangers_are_refused_where_that_is_asked_for(string word, string expected) =>
        Assert.Equal(expected, await WhoAsync(new() { Schemes = ["Word"], RequireRegistered = true }, word, services: static gateway => gateway.AddConsumers([new() { Id = "acme", Identities = ["Word/one"] }])));

    [Theory]
    [InlineData("client_id=one", "acme")]
    [InlineData("client_id=two", "403 not-subscribed")]
    [InlineData("client_id=nobody", "403 not-subscribed")]
    public async Task A_product_is_for_its_subscribers(string word, string expected)
    {
        await using var gateway = await TestHost.StartAsync(
            static builder => Build(builder, static gateway => gateway.AddConsumers(
                [new() { Id = "acme", Identities = ["Word/one"], Subscriptions = [new() { Id = "orders", Plan = "free" }] }, new() { Id = "bolt", Identities = ["Word/two"] }],
                [new() { Id = "free" }],
                [new() { Id = "orders", Routes = ["who"] }])),
            static app => app.MapGet("/", static (HttpContext context) => context.Features.Get<GatewayConsumer>()!.Id).WithName("who").RequireIdentity("Word"));
        using var response = await SendAsync(gateway, "/", $"Word {word}");
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(expected, response.IsSuccessStatusCode ? text : $"{(int)response.StatusCode} {JsonNode.Parse(text)!["code"]}");
    }

    [Fact]
    public async Task A_store_that_is_away_lets_nobody_in()
    {
        await using var gateway = await TestHost.StartAsync(
            static builder => Build(builder, static gateway => gateway.AddConsumerStore<LostStore>()),
            static app => app.MapGet("/", static () => "own").RequireIdentity("Word"));
        using var response = await SendAsync(gateway, "/", "Word client_id=acme");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "(none)")]
    [InlineData(true, "Word client_id=acme")]
    public async Task A_destination_gets_the_credential_only_if_that_is_asked_for(bool forward, string seen)
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync(context.Request.Headers.Authorization is { Count: > 0 } field ? field.ToString() : "(none)"));
        await using var gateway = await GatewayAsync(upstream.Address, new() { Schemes = ["Word"], ForwardToken = forward });
        using var response = await SendAsync(gateway, "/route", "Word client_id=acme");
        Assert.Equal(seen, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task In_shadow_nobody_is_refused_and_nothing_is_withheld()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync(context.Request.Headers.Authorization.ToString()));
        await using var gateway = await GatewayAsync(upstream.Address, new() { Schemes = ["Word"], Mode = PolicyMode.Shadow });
        foreach (var authorization in new[] { "Word client_id=acme", "Word wrong", "Word throws" })
        {
            using var response = await SendAsync(gateway, "/route", authorization);
            Assert.Equal(authorization, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    // The middleware has asked the default scheme; the filter asks no more.
    [Fact]
    public async Task A_scheme_is_asked_once()
    {
        await using var gateway = await TestHost.StartAsync(
            static builder =>
            {
                builder.Services.AddWords("Word");
                builder.Services.AddApiGateway();
            },
            static app => app.MapGet("/", static (HttpContext context) => context.User.FindFirst("client_id")?.Value).RequireIdentity("Word"));
        using var response = await SendAsync(gateway, "/", "Word client_id=acme");
        Assert.Equal("acme", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, gateway.App.Services.GetRequiredService<WordCount>().Asked);
    }

    [Fact]
    public async Task The_user_of_the_request_is_of_the_scheme_of_the_policy()
    {
        await using var gateway = await TestHost.StartAsync(
            static builder =>
            {
                builder.Services.AddWords("Word", "Other");
                builder.Services.AddApiGateway();
            },
            static app => app.MapGet("/", static (HttpContext context) => context.User.Identity!.AuthenticationType).RequireIdentity("Other"));
        using var response = await SendAsync(gateway, "/", "Other client_id=acme");
        Assert.Equal("Other", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using var refused = await SendAsync(gateway, "/", "Word client_id=acme");
        Assert.Equal("Other realm=\"words\"", refused.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task One_of_several_ways_is_enough_and_a_refusal_names_all()
    {
        await using var gateway = await TestHost.StartAsync(
            static builder =>
            {
                builder.Services.AddWords("Word", "Other");
                builder.Services.AddApiGateway();
            },
            static app => app.MapGet("/", static (HttpContext context) => context.Features.Get<GatewayConsumer>()!.Id)
                .RequireAnyOf(new IdentityPolicy { Schemes = ["Word"] }, new IdentityPolicy { Schemes = ["Other"] }));
        foreach (var name in new[] { "Word", "Other" })
        {
            using var response = await SendAsync(gateway, "/", $"{name} client_id=acme");
            Assert.Equal($"{name}/acme", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        using var refused = await SendAsync(gateway, "/", null);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Word realm=\"words\", Other realm=\"words\"", refused.Headers.WwwAuthenticate.ToString());
    }

    // Handlers of others may quote what they were given.
    [Fact]
    public async Task What_a_handler_throws_is_told_to_the_log_without_the_credential()
    {
        using var log = new LogRecorder();
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Trace);
                builder.Services.AddWords("Default", "Word");
                builder.Services.AddApiGateway();
            },
            static app => app.MapGet("/", static () => "own").RequireIdentity("Word"));
        for (var i = 0; i < 3; i++)
        {
            using var response = await SendAsync(gateway, "/", "Word throws-canary-7c1e");
            Assert.DoesNotContain("cannot read", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(log.All, static entry => entry.Message.Contains("canary", StringComparison.Ordinal));
        Assert.Equal("Scheme Word cannot check credentials, and requests are refused: InvalidOperationException", Assert.Single(log.Take(EventIds.CredentialUnchecked)).Message);
    }

    private static async Task<string> WhoAsync(IdentityPolicy policy, string word, bool verbose = false, Action<GatewayBuilder>? services = null)
    {
        await using var gateway = await TestHost.StartAsync(
            builder => Build(builder, services),
            app => app.MapGet("/", (HttpContext context) => context.Features.Get<GatewayConsumer>() is not { } consumer ? "(nobody)"
                : verbose ? $"{(consumer.IsRegistered ? "registered" : "stranger")} {consumer.Id} {string.Join(',', consumer.Scopes)}" : consumer.Id).RequireIdentity(policy));
        using var response = await SendAsync(gateway, "/", $"Word {word}");
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static void Build(WebApplicationBuilder builder) => Build(builder, null);

    private static void Build(WebApplicationBuilder builder, Action<GatewayBuilder>? services)
    {
        // What the middleware asks for the host is none of the policy's.
        builder.Services.AddWords("Other", "Word");
        var gateway = builder.Services.AddApiGateway();
        services?.Invoke(gateway);
    }

    private static Task<TestHost> GatewayAsync(Uri upstream, IdentityPolicy policy) => TestHost.StartAsync(
        builder => Build(builder, gateway => gateway.AddCluster("up", upstream.ToString())),
        app =>
        {
            var group = app.MapGroup("").RequireIdentity(policy);
            group.MapGatewayRoute("/route", cluster: "up");
            group.MapGet("/own", static () => "own");
        });

    private static Task<HttpResponseMessage> SendAsync(TestHost gateway, string path, string? authorization)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private sealed class LostStore : IConsumerStore
    {
        public string Name => "lost";

        public ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken) => throw new IOException("secret place");

        public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken) => throw new IOException("secret place");
    }
}
