using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>Requests that take more than one unit, or none.</summary>
public sealed class ThrottleCostTests
{
    private static readonly ThrottlePolicy TenByHeader = new() { Limit = 10, Window = TimeSpan.FromSeconds(10), Burst = 10, Cost = RequestCost.Header("X-Cost") };

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(RateAlgorithm.TokenBucket)]
    [InlineData(RateAlgorithm.SlidingWindow)]
    public async Task Header_says_what_a_request_takes(RateAlgorithm algorithm)
    {
        var policy = TenByHeader with { Algorithm = algorithm, Burst = algorithm is RateAlgorithm.TokenBucket ? 10 : null };
        await using var gateway = await StartAsync(_time, app => app.MapGatewayRoute(Route("a")).WithThrottling(policy));
        foreach (var (cost, status) in (ValueTuple<string?, int>[])[("7", 200), ("4", 429), ("0", 200), (null, 200), ("x", 200), ("2", 429), ("1", 200), ("1", 429), ("0", 200)])
        {
            using var response = await SendAsync(gateway.Client, "/a", cost);
            Assert.Equal((cost, status), (cost, (int)response.StatusCode));
        }
    }

    [Theory]
    [InlineData("11")]
    [InlineData("99999999999999999999999")]
    public async Task What_can_never_pass_is_not_told_to_come_back_and_takes_nothing(string cost)
    {
        await using var gateway = await StartAsync(_time, static app =>
            app.MapGatewayRoute(Route("a")).WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 1 }).WithThrottling(TenByHeader with { Partition = ThrottlePartition.Route }));
        for (var i = 0; i < 2; i++)
        {
            using var response = await SendAsync(gateway.Client, "/a", cost);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Null(response.Headers.RetryAfter);
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal("cost-exceeds-limit", problem.GetProperty("code").GetString());
            Assert.Equal("route", problem.GetProperty("violated-policies")[0].GetString());
            Assert.EndsWith("of the limit 'route', which holds 10.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        // The one that the other throttle has is still there.
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 2));
    }

    [Fact]
    public async Task Content_takes_its_length_and_is_told_in_bytes()
    {
        await using var gateway = await StartAsync(_time, static app =>
            app.MapPost("/a", static () => "own").WithThrottling(new() { Limit = 1_000, Window = TimeSpan.FromSeconds(1), Burst = 1_000, Cost = RequestCost.ContentLength }));
        using var first = await gateway.Client.PostAsync("/a", new ByteArrayContent(new byte[600]));
        using var second = await gateway.Client.PostAsync("/a", new ByteArrayContent(new byte[600]));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode));
        Assert.Equal("\"address\";q=1000;qu=\"content-bytes\";w=1", Assert.Single(first.Headers.GetValues("RateLimit-Policy")));
        Assert.Equal("\"address\";r=400;t=1", Assert.Single(first.Headers.GetValues("RateLimit")));

        // Of content without a length nobody knows how much comes.
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/a") { Content = new ByteArrayContent(new byte[10]), Headers = { TransferEncodingChunked = true } };
        using var refused = await gateway.Client.SendAsync(chunked);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        using var small = await gateway.Client.PostAsync("/a", new ByteArrayContent(new byte[400]));
        Assert.Equal(HttpStatusCode.OK, small.StatusCode);
    }

    // A function may say something else each time: what comes back is what was taken.
    [Fact]
    public async Task What_a_later_limit_refuses_gives_back_what_it_took()
    {
        var next = 0;
        await using var gateway = await StartAsync(_time, app =>
        {
            app.MapGet("/a", static () => "own")
                .WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 10, Cost = RequestCost.From(_ => ++next) })
                .WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 1, Partition = ThrottlePartition.Header("X-Tenant") });
            app.MapGet("/b", static () => "own")
                .WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 10, Cost = RequestCost.Of(4), Partition = ThrottlePartition.Route })
                .WithQuota(new() { Limit = 1, Window = new LifetimeWindow(), Partition = ThrottlePartition.Header("X-Tenant") });
        }, services: static builder => builder.Services.AddSingleton<IQuotaStore, InMemoryQuotaStore>());

        // 1 stays taken, 2, 3 and 4 come back, 5 stays, and 6 would be too many.
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 4, tenant: "one"));
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1, tenant: "two"));
        Assert.Equal(0, await gateway.PassedAsync("/a", requests: 1, tenant: "three"));
        Assert.Equal(1, await gateway.PassedAsync("/b", requests: 5, tenant: "one"));
        Assert.Equal(1, await gateway.PassedAsync("/b", requests: 1, tenant: "two"));
        Assert.Equal(0, await gateway.PassedAsync("/b", requests: 1, tenant: "three"));
    }

    // Ten units a second, of which each request takes four: of ten that are there at once, two are enough for nobody.
    [Fact]
    public async Task Client_is_told_in_requests_where_each_costs_the_same()
    {
        await using var gateway = await StartAsync(_time, static app =>
            app.MapGatewayRoute(Route("a")).WithThrottling(new() { Limit = 10, Window = TimeSpan.FromSeconds(10), Burst = 10, Cost = RequestCost.Of(4) }));
        foreach (var (wait, status, told) in (ValueTuple<int, int, string>[])[(0, 200, "r=1;t=2"), (0, 200, "r=0;t=2"), (0, 429, "r=0;t=2"), (1, 429, "r=0;t=1"), (7, 200, "r=1;t=2"), (9, 200, "r=1;t=2")])
        {
            _time.Advance(TimeSpan.FromSeconds(wait));
            using var response = await gateway.Client.GetAsync("/a");
            Assert.Equal((status, $"\"address\";{told}"), ((int)response.StatusCode, Assert.Single(response.Headers.GetValues("RateLimit"))));
            Assert.Equal("\"address\";q=2;w=10", Assert.Single(response.Headers.GetValues("RateLimit-Policy")));
        }
    }

    [Fact]
    public async Task Client_is_not_told_of_larger_costs_in_a_sliding_window()
    {
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoute(Route("a")).WithThrottling(new()
        {
            Limit = 10, Window = TimeSpan.FromSeconds(10), Algorithm = RateAlgorithm.SlidingWindow, Cost = RequestCost.Of(4),
        }));
        using var passed = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.OK, passed.StatusCode);
        Assert.False(passed.Headers.Contains("RateLimit"));
    }

    [Fact]
    public async Task Client_is_told_what_it_got_back()
    {
        await using var gateway = await StartAsync(_time, static app =>
            app.MapGet("/a", static () => "own")
                .WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 10, Cost = RequestCost.Of(4) })
                .WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 1, Partition = ThrottlePartition.Route }));
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
        using var refused = await gateway.Client.GetAsync("/a");
        Assert.StartsWith("\"address\";r=1;", Assert.Single(refused.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string path, string? cost)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (cost is not null)
        {
            request.Headers.Add("X-Cost", cost);
        }

        return client.SendAsync(request);
    }
}
