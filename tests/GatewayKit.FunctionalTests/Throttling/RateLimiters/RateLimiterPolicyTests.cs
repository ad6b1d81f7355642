using System.Net;
using System.Threading.RateLimiting;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.RateLimiters;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.RateLimiting;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling.RateLimiters;

/// <summary>Limiters of the framework's kind as policies, and the gateway's rates in the framework's middleware.</summary>
public sealed class RateLimiterPolicyTests
{
    private const string Json = """
        { "Routes": { "limited": { "Match": { "Path": "/limited" }, "Respond": { "Body": "limited" }, "RateLimiter": { "Limiter": "partners" } } } }
        """;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Limiter_in_the_configuration_is_one_that_was_added_by_its_name()
    {
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoutes(), Json, static builder => builder.AddRateLimiter("Partners", static _ => Bucket(3)));
        Assert.Equal(3, await gateway.PassedAsync("/limited", requests: 5));
    }

    [Fact]
    public async Task Limiter_that_nobody_added_is_an_error_at_the_start_with_its_path()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(_time, static app => app.MapGatewayRoutes(), Json, static builder => builder.AddRateLimiter("others", static _ => Bucket(3))));
        Assert.Contains("Routes:limited:RateLimiter", error.ToString());
        Assert.Contains("There is no limiter 'partners'. Known are others.", error.ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Limiter_in_code_works_on_routes_and_endpoints_alike(bool onRoute)
    {
        using var limiter = PartitionedRateLimiter.Create<HttpContext, string>(static context => RateLimitPartition.Get(context.Request.Headers["X-Tenant"].ToString(), static _ => Bucket(2)));
        await using var gateway = await StartAsync(_time, app => (onRoute ? app.MapGatewayRoute(Route("limited")) : app.MapGet("/limited", static () => "own")).WithRateLimiter(limiter));
        Assert.Equal(2, await gateway.PassedAsync("/limited", requests: 4, tenant: "one"));
        Assert.Equal(2, await gateway.PassedAsync("/limited", requests: 4, tenant: "two"));
    }

    [Fact]
    public async Task What_it_refuses_is_refused_as_by_every_policy()
    {
        using var limiter = GatewayRateLimiter.Create(new() { RequestsPerSecond = 0.1, Burst = 1 }, _time);
        await using var gateway = await StartAsync(_time, app => app.MapGatewayRoute(Route("limited")).WithRateLimiter(limiter, "mine"));
        Assert.Equal(1, await gateway.PassedAsync("/limited", requests: 1));
        using var refused = await gateway.Client.GetAsync("/limited");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 10, 11);
        var problem = await refused.Content.ReadAsStringAsync();
        Assert.Contains("\"code\":\"rate-limited\"", problem);
        Assert.Contains("\"violated-policies\":[\"mine\"]", problem);
    }

    [Fact]
    public async Task Lease_is_held_until_the_response_is_done()
    {
        using var limiter = new ConcurrencyLimiter(new() { PermitLimit = 1 });
        var (isIn, mayEnd) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var gateway = await StartAsync(_time, app => app.MapGet("/limited", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("begun ");
            await context.Response.Body.FlushAsync();
            isIn.TrySetResult();
            await mayEnd.Task;
        }).WithRateLimiter(limiter));
        using var first = await gateway.Client.GetAsync("/limited", HttpCompletionOption.ResponseHeadersRead);
        await isIn.Task;
        Assert.Equal(0, await gateway.PassedAsync("/limited", requests: 1));
        mayEnd.SetResult();
        Assert.Equal("begun ", await first.Content.ReadAsStringAsync());
        await UntilAsync(() => limiter.GetStatistics()!.CurrentAvailablePermits > 0);

        Assert.Equal(1, await gateway.PassedAsync("/limited", requests: 1));
    }

    [Fact]
    public async Task Request_waits_in_the_queue_of_a_limiter_that_has_one()
    {
        using var limiter = new ConcurrencyLimiter(new() { PermitLimit = 1, QueueLimit = 1 });
        await using var gateway = await StartAsync(_time, app => app.MapGatewayRoute(Route("limited")).WithRateLimiter(limiter));
        var held = limiter.AttemptAcquire();
        var waiting = gateway.Client.GetAsync("/limited");
        await UntilAsync(() => limiter.GetStatistics()!.CurrentQueuedCount > 0);

        held.Dispose();
        using var answer = await waiting;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Limiter_in_shadow_mode_refuses_nobody()
    {
        await using var gateway = await StartAsync(
            _time,
            static app => app.MapGatewayRoute(Route("limited")).WithRateLimiter(new RateLimiterPolicy { Limiter = "few", Mode = PolicyMode.Shadow }),
            services: static builder => builder.AddRateLimiter("few", static _ => Bucket(1)));
        Assert.Equal(4, await gateway.PassedAsync("/limited", requests: 4));
    }

    [Fact]
    public async Task Rates_of_the_gateway_serve_in_the_middleware_of_the_framework()
    {
        var policy = new ThrottlePolicy { RequestsPerSecond = 0.1, Burst = 2 };
        await using var gateway = await StartAsync(
            _time,
            static app =>
            {
                app.UseRateLimiter();
                app.MapGatewayRoute(Route("limited")).RequireRateLimiting("rates");
                app.MapGet("/own", static () => "own");
            },
            services: builder => builder.Services.AddRateLimiter(options =>
            {
                options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
                options.GlobalLimiter = GatewayRateLimiter.CreatePartitioned(policy with { Burst = 5 }, _time);
                options.AddPolicy("rates", context => RateLimitPartition.Get(context.Request.Path.Value!, _ => GatewayRateLimiter.Create(policy, _time)));
            }));
        Assert.Equal(2, await gateway.PassedAsync("/limited", requests: 3));

        // The middleware asks the global limiter twice for a request that the other one refuses.
        Assert.Equal(1, await gateway.PassedAsync("/own", requests: 3));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1, await gateway.PassedAsync("/own", requests: 3));
    }

    [Fact]
    public async Task Polly_takes_it_as_its_rate_limiter()
    {
        using var limiter = GatewayRateLimiter.Create(new() { RequestsPerSecond = 1, Burst = 1 }, _time);
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = _time }.AddRateLimiter(limiter).Build();
        await pipeline.ExecuteAsync(static _ => ValueTask.CompletedTask);
        var refused = await Assert.ThrowsAsync<RateLimiterRejectedException>(() => pipeline.ExecuteAsync(static _ => ValueTask.CompletedTask).AsTask());
        Assert.Equal(TimeSpan.FromSeconds(1), refused.RetryAfter);
    }

    [Fact]
    public void Permits_outside_their_range_are_refused_where_they_are_written()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        Assert.Contains("Permits", Assert.Throws<OptionsValidationException>(() => app.MapGet("/", static () => "").WithRateLimiter(new RateLimiterPolicy { Limiter = "any", Permits = -1 })).Message);
    }

    [Fact]
    public async Task Limiters_in_hand_add_up_and_the_same_one_counts_once()
    {
        using var few = Bucket(2);
        using var many = Bucket(7);
        await using var gateway = await StartAsync(_time, app =>
        {
            var group = app.MapGroup("/g").WithRateLimiter(many);
            group.MapGet("/both", static () => "own").WithRateLimiter(few);
            group.MapGet("/once", static () => "own").WithRateLimiter(many);
        });
        Assert.Equal(2, await gateway.PassedAsync("/g/both", requests: 3));

        // The third one above has taken one of the many.
        Assert.Equal(4, await gateway.PassedAsync("/g/once", requests: 6));
    }

    [Fact]
    public async Task Queue_is_left_when_the_gateway_in_front_does_not_want_an_answer_any_more()
    {
        using var limiter = new ConcurrencyLimiter(new() { PermitLimit = 1, QueueLimit = 1 });
        await using var gateway = await StartAsync(
            _time,
            app => app.MapGatewayRoute(Route("limited")).WithRateLimiter(limiter),
            services: static builder => builder.Services.Configure<GatewayOptions>(static options => options.TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")]));
        using var held = limiter.AttemptAcquire();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/limited") { Headers = { { "X-GW-Deadline-Ms", "500" } } };
        var waiting = gateway.Client.SendAsync(request);
        await UntilAsync(() => limiter.GetStatistics()!.CurrentQueuedCount > 0);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        using var answer = await waiting;
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Equal(0, limiter.GetStatistics()!.CurrentQueuedCount);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static TokenBucketRateLimiter Bucket(int tokens) => new(new() { TokenLimit = tokens, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromDays(1), AutoReplenishment = false });
}
