using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.Quotas.QuotaGateway;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling.Quotas;

public sealed class QuotaTests
{
    private static readonly QuotaPolicy Daily = new() { Limit = 3, Window = new CalendarWindow(CalendarUnit.Day), Partition = ThrottlePartition.Route };

    private readonly FakeTimeProvider _time = Clock();

    [Fact]
    public async Task Used_quota_is_answered_with_429_until_the_window_is_over()
    {
        await using var gateway = await QuotaGateway.StartAsync(_time, static app => app.MapGatewayRoute(Route("a")).WithQuota(3, new CalendarWindow(CalendarUnit.Day)));
        Assert.Equal(3, await gateway.PassedAsync("/a", requests: 5));
        using var refused = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("quota-exceeded", problem.GetProperty("code").GetString());
        Assert.Equal("day", problem.GetProperty("violated-policies")[0].GetString());
        Assert.Equal("\"day\";q=3;w=86400", refused.Headers.GetValues("RateLimit-Policy").Single());
        Assert.Equal("\"day\";r=0;t=43200", refused.Headers.GetValues("RateLimit").Single());

        // Not earlier than midnight, and up to 30 seconds later, so that not everybody comes back at once.
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromHours(12), TimeSpan.FromHours(12) + TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromHours(12));
        Assert.Equal(3, await gateway.PassedAsync("/a", requests: 5));
    }

    [Fact]
    public async Task Lifetime_quota_names_no_time_to_come_back()
    {
        await using var gateway = await QuotaGateway.StartAsync(_time, static app => app.MapGatewayRoute(Route("a")).WithQuota(1, new LifetimeWindow()));
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
        using var refused = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Null(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Clients_are_told_what_is_left_also_of_what_another_quota_gave_back()
    {
        await using var gateway = await QuotaGateway.StartAsync(_time, static app => app.MapGet("/a", static () => "own")
            .WithQuota(Daily with { Limit = 5, Cost = 2, Name = "two each" })
            .WithQuota(new() { Limit = 1, Window = new LifetimeWindow(), Partition = ThrottlePartition.Constant })
            .WithQuota(new() { Limit = 1_000, Window = new FirstUseWindow(TimeSpan.FromHours(1)), Unit = QuotaUnit.ContentBytes, Partition = ThrottlePartition.Route })
            .WithQuota(Daily with { Limit = 7, Unit = QuotaUnit.Cost("tokens") }));
        using var passed = await gateway.Client.GetAsync("/a");
        Assert.Equal("\"two each\";q=5;w=86400, \"lifetime\";q=1, \"first-use\";q=1000;qu=\"content-bytes\";w=3600", passed.Headers.GetValues("RateLimit-Policy").Single());
        Assert.Equal("\"two each\";r=3;t=43200, \"lifetime\";r=0, \"first-use\";r=1000", passed.Headers.GetValues("RateLimit").Single());
        using var refused = await gateway.Client.GetAsync("/a");
        Assert.Equal("\"two each\";r=3;t=43200, \"lifetime\";r=0", refused.Headers.GetValues("RateLimit").Single());
        Assert.Null(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Several_quotas_are_all_or_nothing()
    {
        await using var gateway = await QuotaGateway.StartAsync(_time, static app =>
            app.MapGet("/a", static () => "own").WithQuota(Daily with { Limit = 4 }).WithQuota(new() { Limit = 2, Window = new FirstUseWindow(TimeSpan.FromHours(1)), Partition = ThrottlePartition.Route }));
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 20));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 20));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, await gateway.PassedAsync("/a", requests: 1));
    }

    [Fact]
    public async Task Refusal_by_a_quota_gives_back_what_throttles_took()
    {
        await using var gateway = await QuotaGateway.StartAsync(_time, static app => app.MapGet("/a", static () => "own")
            .WithQuota(Daily with { Limit = 1, Window = new FirstUseWindow(TimeSpan.FromSeconds(1)) })
            .WithThrottling(new() { RequestsPerSecond = 0.01, Burst = 3, Partition = ThrottlePartition.Route }).WithThrottling(requestsPerSecond: 0.01, burst: 3));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(1, await gateway.PassedAsync("/a", requests: 10));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        using var refused = await gateway.Client.GetAsync("/a");
        Assert.Equal("rate-limited", (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Partitions_are_counted_apart()
    {
        await using var gateway = await QuotaGateway.StartAsync(_time, static app =>
        {
            app.MapGet("/tenant", static () => "own").WithQuota(Daily with { Partition = ThrottlePartition.Header("X-Tenant") });
            app.MapGet("/one", static () => "own").WithQuota(Daily with { Partition = ThrottlePartition.Constant });
            app.MapGet("/two", static () => "own").WithQuota(Daily with { Partition = ThrottlePartition.Constant });
            app.MapGet("/other", static () => "own").WithQuota(Daily with { Partition = ThrottlePartition.Constant, Name = "other" });
        });
        Assert.Equal(3, await gateway.PassedAsync("/tenant", requests: 5, tenant: "a"));
        Assert.Equal(3, await gateway.PassedAsync("/tenant", requests: 5, tenant: "b"));
        Assert.Equal(3, await gateway.PassedAsync("/tenant", requests: 5));
        Assert.Equal(2, await gateway.PassedAsync("/one", requests: 2));
        Assert.Equal(1, await gateway.PassedAsync("/two", requests: 5));
        Assert.Equal(3, await gateway.PassedAsync("/other", requests: 5));
    }

    [Fact]
    public async Task Request_that_the_gateway_refuses_or_fails_is_given_back()
    {
        await using var gateway = await QuotaGateway.StartAsync(
            _time,
            static app =>
            {
                app.MapGatewayRoute("/dead", cluster: "dead").WithQuota(Daily with { Limit = 1 });
                app.MapGet("/failing", static () => Results.StatusCode(500)).WithQuota(Daily);
            },
            services: static builder => builder.AddCluster("dead", "http://127.0.0.1:1"));
        for (var i = 0; i < 3; i++)
        {
            await EventuallyAsync(async () =>
            {
                using var answer = await gateway.Client.GetAsync("/dead");
                return answer.StatusCode is HttpStatusCode.BadGateway;
            });
        }

        // An answer of the endpoint's own counts, whatever it is.
        for (var i = 0; i < 4; i++)
        {
            using var answer = await gateway.Client.GetAsync("/failing");
            Assert.Equal(i < 3 ? HttpStatusCode.InternalServerError : HttpStatusCode.TooManyRequests, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Quota_of_successes_counts_no_others()
    {
        var isFailing = true;
        await using var gateway = await QuotaGateway.StartAsync(_time, app =>
            app.MapGet("/a", () => isFailing ? Results.NotFound() : Results.Ok()).WithQuota(Daily with { Limit = 1, CountWhen = QuotaCountWhen.Succeeded }));
        for (var i = 0; i < 3; i++)
        {
            await EventuallyAsync(async () =>
            {
                using var answer = await gateway.Client.GetAsync("/a");
                return answer.StatusCode is HttpStatusCode.NotFound;
            });
        }

        isFailing = false;
        await EventuallyAsync(async () =>
        {
            using var answer = await gateway.Client.GetAsync("/a");
            return answer.StatusCode is HttpStatusCode.OK;
        });
        using var refused = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
    }

    [Theory]
    [InlineData("/host")]
    [InlineData("/route")]
    public async Task Bytes_are_counted_in_both_directions_and_debts_hit_the_next(string path)
    {
        var store = new WatchedStore(_time);
        await using var destination = await TestHost.StartAsync(map: static app => app.MapPost("/route", EchoTwiceAsync));
        await using var gateway = await QuotaGateway.StartAsync(
            _time,
            static app =>
            {
                var bytes = Daily with { Limit = 1_000, Unit = QuotaUnit.ContentBytes };
                app.MapGatewayRoute("/route", cluster: "echo").WithQuota(bytes);
                app.MapPost("/host", EchoTwiceAsync).WithQuota(bytes);
            },
            services: builder => builder.AddCluster("echo", destination.Address.ToString()).Services.AddSingleton<IQuotaStore>(store));

        // More than there is at all: nothing that waiting could help.
        using (var tooLarge = await gateway.Client.PostAsync(path, new StringContent(new string('x', 1_001))))
        {
            Assert.Equal(HttpStatusCode.BadRequest, tooLarge.StatusCode);
            Assert.Equal("cost-exceeds-limit", (await tooLarge.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        }

        // 300 up and 600 down are 900; another 300 do not fit, 40 do and bring a debt, and then nothing is let in.
        await PostAsync(300, settled: 1);
        await RefusedAsync(new StringContent(new string('x', 300)));
        await PostAsync(40, settled: 2);
        await RefusedAsync(null);
        _time.Advance(TimeSpan.FromDays(1));
        await PostAsync(300, settled: 3);

        async Task PostAsync(int bytes, int settled)
        {
            using var answer = await gateway.Client.PostAsync(path, new StringContent(new string('x', bytes)));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(2 * bytes, (await answer.Content.ReadAsByteArrayAsync()).Length);
            await EventuallyAsync(() => Task.FromResult(store.Settled == settled));
        }

        async Task RefusedAsync(HttpContent? content)
        {
            using var answer = await gateway.Client.PostAsync(path, content);
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Named_cost_is_what_code_or_a_field_of_the_answer_says()
    {
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/field", static (HttpResponse response) =>
        {
            response.Headers["X-Tokens"] = "90";
            return "answer";
        }));
        await using var gateway = await QuotaGateway.StartAsync(
            _time,
            static app =>
            {
                var tokens = Daily with { Limit = 100, Unit = QuotaUnit.Cost("tokens"), Cost = 10, CostHeader = "X-Tokens" };
                app.MapGatewayRoute("/field", cluster: "field").WithQuota(tokens);
                app.MapGet("/code", static (HttpContext context) =>
                {
                    context.ReportCost("Tokens", 80);
                    context.ReportCost("tokens", 11);
                    context.ReportCost("rows", 1_000);
                    return "own";
                }).WithQuota(tokens);
                app.MapGet("/silent", static () => "own").WithQuota(tokens);
            },
            services: builder => builder.AddCluster("field", destination.Address.ToString()));
        Assert.Equal(10, await gateway.PassedAsync("/silent", requests: 20));
        Assert.Equal(1, await gateway.PassedAsync("/code", requests: 1));
        await EventuallyAsync(async () => await gateway.PassedAsync("/code", requests: 1) == 0);
        Assert.Equal(1, await gateway.PassedAsync("/field", requests: 1));
        await EventuallyAsync(async () => await gateway.PassedAsync("/field", requests: 1) == 0);
    }

    [Fact]
    public async Task Thresholds_are_told_once()
    {
        var watch = new QuotaWatch();
        await using var gateway = await QuotaGateway.StartAsync(
            _time,
            static app => app.MapGet("/a", static () => "own").WithName("a").WithQuota(Daily with { Limit = 10, MaxOverage = 5, Name = "small" }),
            services: builder => builder.Services.AddSingleton<IQuotaObserver>(watch));
        Assert.Equal(15, await gateway.PassedAsync("/a", requests: 20));
        Assert.Equal([("a", "small", QuotaThresholds.Warning, 8L), ("a", "small", QuotaThresholds.Limit, 10L)], watch.Seen);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(8, await gateway.PassedAsync("/a", requests: 8));
        Assert.Equal(3, watch.Seen.Count);
    }

    [Fact]
    public async Task Shadow_lets_through_and_takes_no_more_than_there_is()
    {
        var observed = new QuotaWatch();
        await using var gateway = await QuotaGateway.StartAsync(
            _time,
            static app => app.MapGet("/a", static () => "own").WithQuota(Daily with { Mode = PolicyMode.Shadow }),
            services: builder => builder.Services.AddSingleton<IQuotaObserver>(observed).AddSingleton<IGatewayObserver>(observed));
        Assert.Equal(5, await gateway.PassedAsync("/a", requests: 5));
        await EventuallyAsync(() => Task.FromResult(observed.Outcomes.Count == 5));
        Assert.Equal([PolicyOutcome.Allowed, PolicyOutcome.Allowed, PolicyOutcome.Allowed, PolicyOutcome.WouldRefuse, PolicyOutcome.WouldRefuse], observed.Outcomes);
        Assert.Equal(3, observed.Seen[^1].Used);
    }

    private static async Task EchoTwiceAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var text = await reader.ReadToEndAsync();
        await context.Response.WriteAsync(text);
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
    }
}
