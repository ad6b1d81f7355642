using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json.Nodes;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Access;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>What callers may do, once it is known who they are.</summary>
public sealed class AccessTests
{
    private const string Known = "acme||";

    [Theory]
    [InlineData("""{ "Scopes": [ "a", "b" ] }""", "acme||a b", null, 200)]
    [InlineData("""{ "Scopes": [ "a", "b" ] }""", "acme||a", null, 403)]
    [InlineData("""{ "Scopes": [ "a", "b" ] }""", "acme||a", "scope=b", 403)]
    [InlineData("""{ "Scopes": [ "a" ] }""", "acme||A", null, 403)]
    [InlineData("""{ "Scopes": [ "a" ] }""", "acme||ab", null, 403)]
    [InlineData("""{ "AnyScope": [ "a", "b" ] }""", "acme||b", null, 200)]
    [InlineData("""{ "AnyScope": [ "a", "b" ] }""", "acme||c", null, 403)]
    [InlineData("""{ "Claims": [ { "Type": "dept", "Values": [ "sales", "it" ] } ] }""", Known, "dept=it", 200)]
    [InlineData("""{ "Claims": [ { "Type": "dept", "Values": [ "sales", "it" ] } ] }""", Known, "dept=hr", 403)]
    [InlineData("""{ "Claims": [ { "Type": "dept", "Values": [ "it" ] }, { "Type": "amr", "Values": [ "mfa" ] } ] }""", Known, "dept=it", 403)]
    [InlineData("""{ "Consumers": [ "acme", "other" ] }""", Known, null, 200)]
    [InlineData("""{ "Consumers": [ "Acme" ] }""", Known, null, 403)]
    [InlineData("""{ "Plans": [ "gold" ] }""", "acme|Gold|", null, 200)]
    [InlineData("""{ "Plans": [ "gold" ] }""", "acme|free|", null, 403)]
    [InlineData("""{ "Plans": [ "gold" ] }""", Known, null, 403)]
    public async Task Rule_holds_for_who_calls(string access, string caller, string? claims, int status)
    {
        await using var gateway = await StartAsync(access);
        using var answer = await AskAsync(gateway, "/r/x", caller, claims);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 403)
        {
            Assert.Equal("forbidden", await CodeAsync(answer));
        }
    }

    [Theory]
    [InlineData(ClaimTypes.Role + "=admin", 200)]
    [InlineData(ClaimTypes.Role + "=user", 403)]
    public async Task Roles_are_those_of_the_user(string claims, int status)
    {
        await using var gateway = await StartAsync("""{ "Roles": [ "owner", "admin" ] }""");
        using var answer = await AskAsync(gateway, "/r/x", Known, claims);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    // What is refused to a stranger is not told to a stranger.
    [Fact]
    public async Task Who_is_nobody_is_asked_who_it_is()
    {
        await using var gateway = await StartAsync("""{ "Scopes": [ "a" ], "Hours": [ { "From": "08:00", "To": "09:00" } ] }""", shadow: true);
        using var answer = await AskAsync(gateway, "/r/x", caller: null, claims: null);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Header", answer.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Equal("unauthenticated", await CodeAsync(answer));
    }

    [Fact]
    public async Task Claims_that_nobody_vouches_for_count_for_nothing()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: static builder => builder.Services.AddAuthentication().AddCookie(),
            map: static app =>
            {
                app.Use(static (context, next) =>
                {
                    context.User = new(new ClaimsIdentity([new("scope", "a")]));
                    return next(context);
                });
                app.MapGet("/own", static () => "own").RequireAccess(new() { Scopes = ["a"] });
            });
        using var answer = await gateway.Client.GetAsync("/own");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Cookies", answer.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Theory]
    [InlineData("/t/A/x", "tenant=A", 200)]
    [InlineData("/t/%41/x", "tenant=A", 200)]
    [InlineData("/t/A/x", "tenant=B", 403)]
    [InlineData("/t/%41/x", "tenant=B", 403)]
    [InlineData("/t/a/x", "tenant=A", 403)]
    [InlineData("/t/A/x", "tenant=B;tenant=A", 200)]
    [InlineData("/t/A/x", "other=A", 403)]
    [InlineData("/t/B/../A/x", "tenant=A", 200)]
    [InlineData("/t/B/../A/x", "tenant=B", 403)]
    [InlineData("/t/c%C3%A9/x", "tenant=c%C3%A9", 200)]
    [InlineData("/t/A%20B/x", "tenant=A B", 200)]
    public async Task Tenant_is_compared_with_the_value_as_it_is_decoded(string path, string claims, int status)
    {
        await using var gateway = await StartAsync("""{ "Tenant": { "Claim": "tenant", "RouteValue": "tenant" } }""", path: "/t/{tenant}/{**rest}");
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\nX-Caller: {Known}\r\nX-Claims: {claims}\r\nConnection: close\r\n\r\n");
        var answer = await client.ReadAnswerAsync();
        Assert.StartsWith($"HTTP/1.1 {status}", answer);
        Assert.Equal(status == 403, answer.Contains("\"code\":\"tenant-mismatch\"", StringComparison.Ordinal));
    }

    // A slash that is data: one reading, or none.
    [Theory]
    [InlineData("/t/A%2FB/x", true, 200)]
    [InlineData("/t/A%2fB/x", true, 200)]
    [InlineData("/t/A%2FB/x", false, 400)]
    [InlineData("/t/A%252FB/x", true, 400)]
    public async Task Tenant_with_a_slash_has_one_reading(string path, bool allowed, int status)
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("served"));
        await using var gateway = await StartAsync(
            """{ "Tenant": { "Claim": "tenant", "RouteValue": "tenant" } }""",
            path: "/t/{tenant}/{**rest}",
            terminal: $$"""
                "Cluster": "up", "AllowEncodedSlash": {{(allowed ? "true" : "false")}}
                """,
            services: builder => builder.AddCluster("up", upstream.Address.ToString()));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\nX-Caller: {Known}\r\nX-Claims: tenant=A/B\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status}", await client.ReadAnswerAsync());
    }

    [Fact]
    public async Task Method_that_is_not_allowed_is_405_with_those_that_are()
    {
        await using var gateway = await StartAsync("""{ "Methods": [ "GET", "PATCH", "DELETE" ] }""", methods: """ "Methods": [ "GET", "POST", "DELETE" ], """);
        using var allowed = await AskAsync(gateway, "/r/x", Known, null);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        using var refused = await AskAsync(gateway, "/r/x", Known, null, HttpMethod.Post);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.StatusCode);
        Assert.Equal("method-not-allowed", await CodeAsync(refused));
        Assert.Equal(["GET", "DELETE"], refused.Content.Headers.Allow);
    }

    [Fact]
    public async Task Field_that_overrides_the_method_changes_nothing()
    {
        await using var gateway = await StartAsync("""{ "Methods": [ "GET" ] }""");
        using var get = new HttpRequestMessage(HttpMethod.Get, "/r/x") { Headers = { { "X-Caller", Known }, { "X-HTTP-Method-Override", "DELETE" } } };
        using var served = await gateway.Client.SendAsync(get);
        Assert.Equal("GET", await served.Content.ReadAsStringAsync());
        using var post = new HttpRequestMessage(HttpMethod.Post, "/r/x") { Headers = { { "X-Caller", Known }, { "X-HTTP-Method-Override", "GET" } } };
        using var refused = await gateway.Client.SendAsync(post);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.StatusCode);
    }

    [Fact]
    public async Task Outside_hours_it_says_when_it_opens()
    {
        var time = new FakeTimeProvider(new(2026, 3, 2, 7, 0, 0, TimeSpan.Zero));
        await using var gateway = await StartAsync("""{ "Hours": [ { "From": "08:00", "To": "18:00" } ] }""", services: builder => builder.Services.AddSingleton<TimeProvider>(time));
        using (var early = await AskAsync(gateway, "/r/x", Known, null))
        {
            Assert.Equal(HttpStatusCode.Forbidden, early.StatusCode);
            Assert.Equal("outside-hours", await CodeAsync(early));
            Assert.Equal(TimeSpan.FromHours(1), early.Headers.RetryAfter!.Delta);
        }

        time.Advance(TimeSpan.FromHours(1));
        using var later = await AskAsync(gateway, "/r/x", Known, null);
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Theory]
    [InlineData("Good", 200)]
    [InlineData("Bad", 403)]
    public async Task Policies_of_the_host_see_the_request(string policy, int status)
    {
        await using var gateway = await StartAsync(
            $$"""{ "AuthorizationPolicies": [ "{{policy}}" ] }""",
            services: static builder => builder.Services.AddAuthorization(static options =>
            {
                options.AddPolicy("Good", static good => good.RequireAssertion(static context => context.Resource is HttpContext { Request.Path.Value: "/r/x" } && context.User.HasClaim("dept", "it")));
                options.AddPolicy("Bad", static bad => bad.RequireClaim("dept", "hr"));
            }));
        using var answer = await AskAsync(gateway, "/r/x", Known, "dept=it");
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("{}", "Nothing is asked of callers")]
    [InlineData("""{ "Scopes": [ "a b" ] }""", "a scope has no space in it")]
    [InlineData("""{ "Roles": [ " " ] }""", "Roles has an empty item")]
    [InlineData("""{ "Claims": [ { "Type": "a", "Values": [] } ] }""", "Values")]
    [InlineData("""{ "Methods": [ "G T" ] }""", "Methods has 'G T'")]
    [InlineData("""{ "Hours": [ { "TimeZone": "Moon/Base" } ] }""", "This machine knows no time zone 'Moon/Base'")]
    [InlineData("""{ "Hours": [ { "From": "8" } ] }""", "'8' is not a time of day such as \"08:00\"")]
    [InlineData("""{ "Tenant": { "Claim": "t", "RouteValue": "tenant" } }""", "has no parameter 'tenant' in its path")]
    [InlineData("""{ "AuthorizationPolicies": [ "Absent" ] }""", "there is no authorization policy 'Absent'")]
    public async Task What_is_wrong_stops_the_start(string access, string message)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(access, services: static builder => builder.Services.AddAuthorization()));
        var error = Assert.Single(failed.Errors);
        Assert.StartsWith("Gateway:Routes:r:Access", error.Path, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Scopes", true)]
    [InlineData("Consumers", true)]
    [InlineData("Methods", false)]
    public async Task Rule_about_callers_needs_something_that_finds_out_who_calls(string rule, bool fails)
    {
        var json = $$"""{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "Access": { "{{rule}}": [ "a" ] } } } }""";
        if (fails)
        {
            var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(json));
            Assert.Contains(failed.Errors, static error => error.Message.Contains("finds out who is calling", StringComparison.Ordinal));
        }
        else
        {
            await using var gateway = await TestHost.GatewayAsync(json);
        }
    }

    [Fact]
    public async Task Host_that_authenticates_is_enough_for_what_goes_by_the_user()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: static builder => builder.Services.AddAuthentication().AddCookie(),
            map: static app => app.MapGet("/own", static () => "own").RequireAccess(new() { Roles = ["a"] }));
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            services: static builder => builder.Services.AddAuthentication().AddCookie(),
            map: static app => app.MapGet("/own", static () => "own").RequireAccess(new() { Plans = ["a"] })));
        Assert.Contains(failed.Errors, static error => error.Message.Contains("it names plans", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_no_rule_is_refused_at_the_call()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        Assert.Throws<OptionsValidationException>(() => app.MapGet("/", static () => "x").RequireAccess(new()));
    }

    private static Task<TestHost> StartAsync(string access, string path = "/r/{**rest}", string methods = "", string terminal = "\"Respond\": { \"Body\": \"GET\" }", bool shadow = false, Action<GatewayBuilder>? services = null) => TestHost.GatewayAsync(
        $$"""
        {
          "Plans": { "gold": {}, "free": {} },
          "Routes": { "r": { "Match": { {{methods}} "Path": "{{path}}" }, {{terminal}}, "HeaderIdentity": { "Mode": "{{(shadow ? "Shadow" : "Enforce")}}" }, "Access": {{access}} } }
        }
        """,
        builder =>
        {
            builder.AddPolicy<HeaderIdentityPolicy, HeaderIdentityFilterFactory>("HeaderIdentity");
            services?.Invoke(builder);
        });

    private static async Task<HttpResponseMessage> AskAsync(TestHost gateway, string path, string? caller, string? claims, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        foreach (var (name, value) in new[] { ("X-Caller", caller), ("X-Claims", claims) })
        {
            if (value is not null)
            {
                request.Headers.Add(name, value);
            }
        }

        return await gateway.Client.SendAsync(request);
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["code"];
}
