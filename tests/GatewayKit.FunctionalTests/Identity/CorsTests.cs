using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Cors;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>What pages of other origins may do, as browsers ask it.</summary>
public sealed class CorsTests
{
    private const string Page = "https://app.example.com";

    public static TheoryData<string> Paths() => ["/route", "/own", "/get", "/own-get"];

    // The matcher has to take a preflight for the method that it asks about, whatever methods there are.
    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Preflight_of_a_listed_page_is_answered_here(string path)
    {
        await using var upstream = await Upstream.StartAsync(static _ => throw new InvalidOperationException("No preflight gets here."));
        await using var gateway = await StartAsync(upstream, new() { Origins = [Page], ExposedHeaders = ["RateLimit"], AllowCredentials = true, MaxAge = TimeSpan.FromMinutes(1) });
        using var answer = await PreflightAsync(gateway, path, Page, "GET", "x-odd");
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(Page, Field(answer, "Access-Control-Allow-Origin"));
        Assert.Equal("true", Field(answer, "Access-Control-Allow-Credentials"));
        Assert.Equal(path.Contains("get", StringComparison.Ordinal) ? "GET" : "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", Field(answer, "Access-Control-Allow-Methods"));
        Assert.Equal("Authorization, Content-Type", Field(answer, "Access-Control-Allow-Headers"));
        Assert.Equal("60", Field(answer, "Access-Control-Max-Age"));
        Assert.Null(Field(answer, "Access-Control-Expose-Headers"));
        Assert.Equal(["Origin"], answer.Headers.Vary);
    }

    [Theory]
    [InlineData("https://good.example.com.evil")]
    [InlineData("https://evil-app.example.com")]
    [InlineData("https://app.example.com:8443")]
    [InlineData("http://app.example.com")]
    [InlineData("https://APP.example.com")]
    [InlineData("https://app.example.com https://app.example.com")]
    [InlineData("null")]
    [InlineData("*")]
    [InlineData("")]
    public async Task Preflight_of_any_other_origin_is_refused(string origin)
    {
        await using var upstream = await Upstream.StartAsync(static _ => throw new InvalidOperationException("No preflight gets here."));
        await using var gateway = await StartAsync(upstream, new() { Origins = [Page] });
        foreach (var row in Paths())
        {
            using var answer = await PreflightAsync(gateway, row.Data, origin, "GET");
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("\"code\":\"origin-not-allowed\"", await answer.Content.ReadAsStringAsync());
            Assert.Null(Field(answer, "Access-Control-Allow-Origin"));
            Assert.Equal(["Origin"], answer.Headers.Vary);
        }
    }

    // That is the matcher's answer for policies of the framework too.
    [Fact]
    public async Task Preflight_for_a_method_that_no_endpoint_takes_finds_nothing()
    {
        await using var upstream = await Upstream.StartAsync(static _ => Task.CompletedTask);
        await using var gateway = await StartAsync(upstream, new() { Origins = [Page] });
        foreach (var path in new[] { "/get", "/own-get" })
        {
            using var answer = await PreflightAsync(gateway, path, Page, "DELETE");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Null(Field(answer, "Access-Control-Allow-Origin"));
        }
    }

    [Fact]
    public async Task Plain_options_are_no_preflight()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync(context.Request.Method));
        await using var gateway = await StartAsync(upstream, new() { Origins = [Page] });
        using var request = new HttpRequestMessage(HttpMethod.Options, "/route") { Headers = { { "Origin", Page } } };
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal("OPTIONS", await answer.Content.ReadAsStringAsync());
        Assert.Equal(Page, Field(answer, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Fields_of_the_destination_and_of_handlers_are_replaced()
    {
        await using var upstream = await Upstream.StartAsync(SayAsync);
        await using var gateway = await StartAsync(upstream, new() { Origins = [Page], ExposedHeaders = ["RateLimit", "ETag"] }, SayAsync);
        foreach (var path in new[] { "/route", "/own" })
        {
            using var listed = await GetAsync(gateway, path, Page);
            Assert.Equal(Page, Field(listed, "Access-Control-Allow-Origin"));
            Assert.Equal("RateLimit, ETag", Field(listed, "Access-Control-Expose-Headers"));
            Assert.Null(Field(listed, "Access-Control-Allow-Credentials"));
            Assert.Equal(["Accept-Encoding", "Origin"], listed.Headers.Vary);
            foreach (var origin in new[] { "https://evil.example", null })
            {
                using var other = await GetAsync(gateway, path, origin);
                Assert.DoesNotContain(other.Headers, static field => field.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
                Assert.Equal(["Accept-Encoding", "Origin"], other.Headers.Vary);
            }
        }

        static Task SayAsync(HttpContext context)
        {
            var headers = context.Response.Headers;
            (headers.AccessControlAllowOrigin, headers.AccessControlAllowCredentials, headers.AccessControlAllowMethods) = ("*", "true", "DELETE");
            (headers.AccessControlExposeHeaders, headers["Access-Control-Allow-Private-Network"], headers.Vary) = ("*", "true", "Accept-Encoding");
            return context.Response.WriteAsync("said");
        }
    }

    [Theory]
    [InlineData("origin")]
    [InlineData("*")]
    [InlineData("Accept, ORIGIN")]
    public async Task Vary_that_says_it_already_is_left(string vary)
    {
        await using var upstream = await Upstream.StartAsync(context =>
        {
            context.Response.Headers.Vary = vary;
            return Task.CompletedTask;
        });
        await using var gateway = await StartAsync(upstream, new() { Origins = [Page] });
        using var answer = await GetAsync(gateway, "/route", Page);
        Assert.Equal(vary, string.Join(", ", answer.Headers.GetValues("Vary")));
    }

    [Fact]
    public async Task Any_origin_is_told_to_all_and_varies_by_none()
    {
        await using var upstream = await Upstream.StartAsync(static _ => Task.CompletedTask);
        await using var gateway = await StartAsync(upstream, new() { Origins = ["*"] });
        foreach (var origin in new[] { "https://anywhere.example", "null", null })
        {
            using var answer = await GetAsync(gateway, "/route", origin);
            Assert.Equal("*", Field(answer, "Access-Control-Allow-Origin"));
            Assert.Empty(answer.Headers.Vary);
        }
    }

    [Fact]
    public async Task Null_counts_where_it_is_listed()
    {
        await using var upstream = await Upstream.StartAsync(static _ => Task.CompletedTask);
        await using var gateway = await StartAsync(upstream, new() { Origins = ["null"] });
        using var answer = await GetAsync(gateway, "/route", "null");
        Assert.Equal("null", Field(answer, "Access-Control-Allow-Origin"));
    }

    // A page that cannot read a refusal cannot tell a limit from an outage.
    [Fact]
    public async Task Refusals_can_be_read_and_preflights_take_nothing_of_a_limit()
    {
        await using var upstream = await Upstream.StartAsync(static _ => Task.CompletedTask);
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddCluster("up", upstream.Address.ToString()),
            map: static app => app.MapGatewayRoute("/route", cluster: "up").WithThrottling(requestsPerSecond: 0.001, burst: 1).WithCors(Page));
        for (var i = 0; i < 3; i++)
        {
            using var preflight = await PreflightAsync(gateway, "/route", Page, "GET");
            Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        }

        using var first = await GetAsync(gateway, "/route", Page);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var second = await GetAsync(gateway, "/route", Page);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Equal(Page, Field(second, "Access-Control-Allow-Origin"));
        Assert.Equal(["Origin"], second.Headers.Vary);
    }

    [Fact]
    public async Task Failure_that_clears_the_response_can_be_read()
    {
        await using var gateway = await TestHost.GatewayAsync(map: static app =>
        {
            app.UseExceptionHandler(static handler => handler.Run(static context => context.Response.WriteAsync("failed")));
            app.MapGet("/own", static string () => throw new InvalidOperationException("on purpose")).WithCors(Page);
        });
        using var answer = await GetAsync(gateway, "/own", Page);
        Assert.Equal("failed", await answer.Content.ReadAsStringAsync());
        Assert.Equal(Page, Field(answer, "Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("Off")]
    [InlineData("Shadow")]
    public async Task Policy_that_is_not_in_force_takes_no_preflight(string mode)
    {
        await using var gateway = await TestHost.GatewayAsync(
            $$"""{ "Routes": { "r": { "Match": { "Path": "/get", "Methods": [ "GET" ] }, "Respond": {}, "Cors": { "Origins": [ "{{Page}}" ], "Mode": "{{mode}}" } } } }""");
        using var answer = await PreflightAsync(gateway, "/get", Page, "GET");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Theory]
    [InlineData("""{ "Origins": [ "*" ], "AllowCredentials": true }""", "AllowCredentials is true and Origins has '*'")]
    [InlineData("""{ "Origins": [ "null" ], "AllowCredentials": true }""", "AllowCredentials is true and Origins has 'null'")]
    [InlineData("""{ "Origins": [ "*", "https://a.example" ] }""", "Origins has '*' beside others")]
    [InlineData("""{ "Origins": [ "https://*.example.com" ] }""", "'https://*.example.com' has a wildcard")]
    [InlineData("""{ "Origins": [ "https://app.example.com/" ] }""", "Write 'https://app.example.com'.")]
    [InlineData("""{ "Origins": [ "https://App.example.com:443" ] }""", "Write 'https://app.example.com'.")]
    [InlineData("""{ "Origins": [ "https://bücher.example" ] }""", "Write 'https://xn--bcher-kva.example'.")]
    [InlineData("""{ "Origins": [ "partners" ] }""", "'partners' is not an origin")]
    [InlineData("""{ "Origins": [ "https://a.example" ], "Headers": [ "*" ], "AllowCredentials": true }""", "Headers has '*', which browsers take for a name")]
    [InlineData("""{ "Origins": [ "https://a.example" ], "ExposedHeaders": [ "a b" ] }""", "ExposedHeaders has 'a b', which is not the name of a header.")]
    [InlineData("""{ "Origins": [ "https://a.example" ], "MaxAge": "2.00:00:00" }""", "MaxAge is 2.00:00:00; it must be from 00:00:00 to 1.00:00:00.")]
    [InlineData("{}", "Origins is empty")]
    public async Task What_is_unsafe_or_says_nothing_stops_the_start(string cors, string message)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() =>
            TestHost.GatewayAsync($$"""{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "Cors": {{cors}} } } }"""));
        var error = Assert.Single(failed.Errors);
        Assert.StartsWith("Gateway:Routes:r:Cors", error.Path, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("capacitor://localhost")]
    [InlineData("chrome-extension://abcdefghijklmnop")]
    [InlineData("http://[::1]:3000")]
    [InlineData("http://localhost:5173")]
    public void Origins_of_apps_and_of_development_are_origins(string origin) => Assert.Null(CorsOrigin.FaultOf(origin));

    [Fact]
    public async Task Endpoint_with_a_policy_of_the_framework_too_stops_the_start()
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            services: static builder => builder.Services.AddCors(),
            map: static app =>
            {
                app.UseCors();
                app.MapGet("/own", static () => "own").RequireCors(static policy => policy.WithOrigins(Page)).WithCors(Page);
            }));
        Assert.Contains("has a CORS policy of the framework too", Assert.Single(failed.Errors).Message);
    }

    private static Task<TestHost> StartAsync(TestHost upstream, GatewayCorsPolicy policy, RequestDelegate? own = null) => TestHost.GatewayAsync(
        services: builder => builder.AddCluster("up", upstream.Address.ToString()),
        map: app =>
        {
            own ??= static context => context.Response.WriteAsync("own");
            var group = app.MapGroup("").WithCors(policy);
            group.MapGatewayRoute("/route", cluster: "up");
            group.MapGatewayRoute(new GatewayKit.Routing.GatewayRoute { Id = "get", Match = new() { Path = "/get", Methods = ["GET"] }, Cluster = "up" });
            group.Map("/own", own);
            group.MapGet("/own-get", own);
        });

    private static async Task<HttpResponseMessage> PreflightAsync(TestHost gateway, string path, string origin, string method, string? headers = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.TryAddWithoutValidation("Origin", origin);
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", method);
        if (headers is not null)
        {
            request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", headers);
        }

        return await gateway.Client.SendAsync(request);
    }

    private static async Task<HttpResponseMessage> GetAsync(TestHost gateway, string path, string? origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        return await gateway.Client.SendAsync(request);
    }

    private static string? Field(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? Assert.Single(values) : null;
}
