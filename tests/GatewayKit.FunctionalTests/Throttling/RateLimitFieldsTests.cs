using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Tests.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>What clients are told of their limits, on the wire.</summary>
public sealed class RateLimitFieldsTests
{
    private static readonly ThrottlePolicy FourInTwoSeconds = new() { RequestsPerSecond = 2, Burst = 4, Name = "burst" };
    private static readonly ThrottlePolicy ByTenant = new() { RequestsPerSecond = 0.01, Burst = 2, Partition = ThrottlePartition.Header("X-Tenant") };

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_can_follow_its_limit_down_to_the_refusal(bool onRoute)
    {
        await using var gateway = await StartAsync(app =>
            (onRoute ? app.MapGatewayRoute(Route("limited")) : app.MapGet("/limited", static () => "own")).WithThrottling(FourInTwoSeconds with { RequestsPerSecond = 0.2 }));
        foreach (var remaining in (long[])[3, 2, 1, 0])
        {
            using var passed = await gateway.Client.GetAsync("/limited");
            Assert.Equal(HttpStatusCode.OK, passed.StatusCode);
            Assert.Equal(["\"burst\";q=4;w=20"], passed.Headers.GetValues("RateLimit-Policy"));
            Assert.Equal([$"\"burst\";r={remaining};t=5"], passed.Headers.GetValues("RateLimit"));
        }

        _time.Advance(TimeSpan.FromSeconds(1.2));
        using var refused = await gateway.Client.GetAsync("/limited");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        var policy = Assert.Single(StructuredFieldList.Parse(refused.Headers.GetValues("RateLimit-Policy")));
        Assert.Equal(("burst", 4L, 20L, null), (policy.Value, policy["q"], policy["w"], policy["qu"]));
        var standing = Assert.Single(StructuredFieldList.Parse(refused.Headers.GetValues("RateLimit")));
        Assert.Equal(("burst", 0L, 4L), (standing.Value, standing["r"], standing["t"]));

        // 3.8 seconds and nine hundredths of them: never earlier than t, and clients go by this one.
        Assert.Equal(TimeSpan.FromSeconds(5), refused.Headers.RetryAfter?.Delta);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("https://iana.org/assignments/http-problem-types#quota-exceeded", problem.GetProperty("type").GetString());
        Assert.Equal(["burst"], problem.GetProperty("violated-policies").EnumerateArray().Select(static name => name.GetString()));
        Assert.Equal((5, "rate-limited"), (problem.GetProperty("retryAfter").GetInt32(), problem.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Every_limit_of_a_request_is_told_and_what_was_given_back_is_there()
    {
        await using var gateway = await StartAsync(static app =>
            app.MapGatewayRoute(Route("limited")).WithThrottling(FourInTwoSeconds with { Name = null }).WithThrottling(ByTenant));
        Assert.Equal(("\"address\";r=3;t=1, \"x-tenant\";r=1;t=100", "\"address\";q=4;w=2, \"x-tenant\";q=2;w=200"), await AskAsync(gateway, "one"));
        Assert.Equal(("\"address\";r=2;t=1, \"x-tenant\";r=0;t=100", "\"address\";q=4;w=2, \"x-tenant\";q=2;w=200"), await AskAsync(gateway, "one"));
        Assert.Equal(("\"address\";r=2;t=1, \"x-tenant\";r=0;t=100", "\"address\";q=4;w=2, \"x-tenant\";q=2;w=200"), await AskAsync(gateway, "one"));
        Assert.Equal(("\"address\";r=1;t=1, \"x-tenant\";r=1;t=100", "\"address\";q=4;w=2, \"x-tenant\";q=2;w=200"), await AskAsync(gateway, "two"));
    }

    [Fact]
    public async Task Host_has_the_last_word_on_the_type()
    {
        await using var gateway = await StartAsync(
            static app => app.MapGatewayRoute(Route("limited")).WithThrottling(FourInTwoSeconds with { Burst = 1 }),
            static options => options.ProblemTypeBase = "https://example.com/problems/");
        await gateway.Client.GetStringAsync("/limited");
        using var refused = await gateway.Client.GetAsync("/limited");
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("https://example.com/problems/rate-limited", problem.GetProperty("type").GetString());
    }

    // What an app has that is compiled ahead of time: the types that the framework knows in problems, and no others.
    [Fact]
    public async Task Problem_of_a_limit_is_written_without_reflection()
    {
        await using var gateway = await StartAsync(
            static app => app.MapGatewayRoute(Route("limited")).WithThrottling(FourInTwoSeconds with { Burst = 1 }),
            services: static builder => builder.Services.PostConfigure<JsonOptions>(static options => options.SerializerOptions.TypeInfoResolverChain
                .Where(static resolver => resolver is DefaultJsonTypeInfoResolver).ToList().ForEach(reflecting => options.SerializerOptions.TypeInfoResolverChain.Remove(reflecting))));
        await gateway.Client.GetStringAsync("/limited");
        using var refused = await gateway.Client.GetAsync("/limited");
        Assert.Contains("\"violated-policies\":[\"burst\"],\"retryAfter\":1,", await refused.Content.ReadAsStringAsync());
        Assert.Empty(gateway.App.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions.TypeInfoResolverChain.OfType<DefaultJsonTypeInfoResolver>());
    }

    [Fact]
    public async Task Nothing_is_told_where_the_host_says_so()
    {
        await using var gateway = await StartAsync(
            static app => app.MapGatewayRoute(Route("limited")).WithThrottling(FourInTwoSeconds with { Burst = 1 }), static options => options.RateLimitHeaders = RateLimitHeaders.None);
        using var passed = await gateway.Client.GetAsync("/limited");
        using var refused = await gateway.Client.GetAsync("/limited");
        Assert.Empty(LimitFieldsOf(passed).Concat(LimitFieldsOf(refused)));
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), (refused.StatusCode, refused.Headers.RetryAfter?.Delta));
        Assert.Contains("\"violated-policies\":[\"burst\"]", await refused.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(RateLimitHeaders.Legacy)]
    [InlineData(RateLimitHeaders.Both)]
    public async Task Older_clients_are_told_of_the_limit_of_which_the_smallest_share_is_left(RateLimitHeaders headers)
    {
        await using var gateway = await StartAsync(
            static app => app.MapGatewayRoute(Route("limited")).WithThrottling(FourInTwoSeconds).WithThrottling(ByTenant), options => options.RateLimitHeaders = headers);
        gateway.Client.DefaultRequestHeaders.Add("X-Tenant", "one");
        using var passed = await gateway.Client.GetAsync("/limited");
        string[] legacy =
        [
            "RateLimit-Limit: 2", "RateLimit-Remaining: 1", "RateLimit-Reset: 100",
            "X-RateLimit-Limit: 2", "X-RateLimit-Remaining: 1", "X-RateLimit-Reset: 100", "X-RateLimit-Resource: x-tenant",
        ];
        string[] standard = ["RateLimit-Policy: \"burst\";q=4;w=2, \"x-tenant\";q=2;w=200", "RateLimit: \"burst\";r=3;t=1, \"x-tenant\";r=1;t=100"];
        Assert.Equal((headers is RateLimitHeaders.Both ? legacy.Concat(standard) : legacy).Order(StringComparer.Ordinal), LimitFieldsOf(passed).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Only_those_near_the_end_are_told_if_the_host_says_so()
    {
        await using var gateway = await StartAsync(
            static app => app.MapGatewayRoute(Route("limited")).WithThrottling(FourInTwoSeconds with { Burst = 5 }).WithThrottling(ByTenant with { Burst = 9 }),
            static options => options.RateLimitOccasion = RateLimitOccasion.NearExhaustion);
        foreach (var told in (string?[])[null, null, null, "\"burst\";r=1;t=1", "\"burst\";r=0;t=1", "\"burst\";r=0;t=1"])
        {
            Assert.Equal((told, told is null ? null : "\"burst\";q=5;w=3"), await AskAsync(gateway, "one"));
        }
    }

    [Fact]
    public async Task Only_those_refused_are_told_if_the_host_says_so()
    {
        await using var gateway = await StartAsync(
            static app => app.MapGatewayRoute(Route("limited")).WithThrottling(FourInTwoSeconds with { Burst = 1 }),
            static options => options.RateLimitOccasion = RateLimitOccasion.OnReject);
        Assert.Equal((null, null), await AskAsync(gateway, "one"));
        Assert.Equal(("\"burst\";r=0;t=1", "\"burst\";q=1;w=1"), await AskAsync(gateway, "one"));
    }

    [Fact]
    public async Task Throttle_in_shadow_mode_is_not_told()
    {
        await using var gateway = await StartAsync(static app =>
            app.MapGatewayRoute(Route("limited")).WithThrottling(FourInTwoSeconds with { Mode = PolicyMode.Shadow }).WithThrottling(ByTenant));
        foreach (var remaining in (int[])[1, 0, 0])
        {
            Assert.Equal(($"\"x-tenant\";r={remaining};t=100", "\"x-tenant\";q=2;w=200"), await AskAsync(gateway, "one"));
        }
    }

    // Clients that wait for more before they follow would make one request into two.
    [Fact]
    public async Task Redirect_does_not_tell_that_little_is_left()
    {
        await using var gateway = await StartAsync(static app => app.MapGet("/limited", static () => Results.Redirect("/there")).WithThrottling(FourInTwoSeconds with { Burst = 2 }));
        Assert.Equal(("\"burst\";r=1;t=1", "\"burst\";q=2;w=1"), await AskAsync(gateway, "one"));
        Assert.Equal((null, "\"burst\";q=2;w=1"), await AskAsync(gateway, "one"));
    }

    [Fact]
    public async Task Limits_of_the_gateway_take_the_place_of_a_destinations()
    {
        await using var destination = await DestinationAsync();
        await using var gateway = await StartAsync(Map, services: builder => builder.AddCluster("upstream", destination.Address.ToString()));
        using var limited = await gateway.Client.GetAsync("/limited");
        Assert.Equal(["RateLimit-Policy: \"burst\";q=4;w=2", "RateLimit: \"burst\";r=3;t=1"], LimitFieldsOf(limited).Order(StringComparer.Ordinal));
        using var free = await gateway.Client.GetAsync("/free");
        Assert.Equal(
            ["RateLimit-Limit: 7", "RateLimit-Policy: \"theirs\";q=9", "RateLimit: \"theirs\";r=8", "X-RateLimit-Limit: 7", "X-RateLimit-Remaining: 6"],
            LimitFieldsOf(free).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Limits_of_a_destination_stay_if_the_host_says_so()
    {
        await using var destination = await DestinationAsync();
        await using var gateway = await StartAsync(
            Map, static options => (options.PassRateLimitHeaders, options.RateLimitHeaders) = (true, RateLimitHeaders.Both), builder => builder.AddCluster("upstream", destination.Address.ToString()));
        using var limited = await gateway.Client.GetAsync("/limited");
        Assert.Equal(["theirs", "burst"], StructuredFieldList.Parse(limited.Headers.GetValues("RateLimit")).Select(static item => item.Value));
        Assert.Equal(["theirs", "burst"], StructuredFieldList.Parse(limited.Headers.GetValues("RateLimit-Policy")).Select(static item => item.Value));
        Assert.Equal(["7"], limited.Headers.GetValues("X-RateLimit-Limit"));
        Assert.False(limited.Headers.Contains("X-RateLimit-Resource"));
    }

    [Fact]
    public async Task Refusal_further_inside_tells_of_the_limits_that_the_request_passed()
    {
        await using var gateway = await StartAsync(static app => app.MapGatewayRoute("/limited", cluster: "gone").WithThrottling(FourInTwoSeconds), services: static builder => builder.AddCluster("gone", "http://127.0.0.1:9"));
        using var failed = await gateway.Client.GetAsync("/limited");
        Assert.Equal(HttpStatusCode.BadGateway, failed.StatusCode);
        Assert.Equal(["\"burst\";r=3;t=1"], failed.Headers.GetValues("RateLimit"));
        Assert.DoesNotContain("violated-policies", await failed.Content.ReadAsStringAsync());
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/limited", cluster: "upstream").WithThrottling(FourInTwoSeconds);
        app.MapGatewayRoute("/free", cluster: "upstream");
    }

    private static Task<TestHost> DestinationAsync() => TestHost.StartAsync(map: static app => app.MapGet("/{path}", static context =>
    {
        context.Response.Headers["RateLimit"] = "\"theirs\";r=8";
        context.Response.Headers["RateLimit-Policy"] = "\"theirs\";q=9";
        context.Response.Headers["RateLimit-Limit"] = context.Response.Headers["X-RateLimit-Limit"] = "7";
        context.Response.Headers["X-RateLimit-Remaining"] = "6";
        return context.Response.WriteAsync("theirs");
    }));

    private static IEnumerable<string> LimitFieldsOf(HttpResponseMessage response) =>
        response.Headers.NonValidated.Where(static field => field.Key.Contains("RateLimit", StringComparison.OrdinalIgnoreCase)).Select(static field => $"{field.Key}: {field.Value}");

    private static async Task<(string? Standing, string? Policies)> AskAsync(TestHost gateway, string tenant)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/limited") { Headers = { { "X-Tenant", tenant } } };
        using var response = await gateway.Client.SendAsync(request);
        return (Only("RateLimit"), Only("RateLimit-Policy"));

        string? Only(string name) => response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
    }

    private Task<TestHost> StartAsync(Action<WebApplication> map, Action<GatewayOptions>? configure = null, Action<GatewayBuilder>? services = null) =>
        ThrottledGateway.StartAsync(_time, map, services: builder =>
        {
            builder.Services.AddSingleton(new RetryTimes(static () => 0.9));
            builder.Services.Configure(configure ?? (static _ => { }));
            services?.Invoke(builder);
        });
}
