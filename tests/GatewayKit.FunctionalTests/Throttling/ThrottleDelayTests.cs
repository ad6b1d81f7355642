using System.Diagnostics.Metrics;
using System.Net;
using System.Threading.Channels;
using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>Requests that come too early are held back instead of refused.</summary>
public sealed class ThrottleDelayTests
{
    private static readonly ThrottlePolicy Smooth = new() { RequestsPerSecond = 10, Burst = 1, MaxDelay = TimeSpan.FromMilliseconds(250) };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Early_requests_go_on_one_by_one_and_those_beyond_the_longest_delay_are_refused()
    {
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoute(Route("a")).WithThrottling(Smooth));
        using var waits = new Waits(gateway);
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
        var second = gateway.Client.GetAsync("/a");
        Assert.Equal(0.1, await waits.NextAsync());
        var third = gateway.Client.GetAsync("/a");
        Assert.Equal(0.2, await waits.NextAsync());
        Assert.Equal(0, await gateway.PassedAsync("/a", requests: 1));
        Assert.False(second.IsCompleted || third.IsCompleted);

        _time.Advance(TimeSpan.FromMilliseconds(100));
        using var first = await second;
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.False(third.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        using var last = await third;
        Assert.Equal(HttpStatusCode.OK, last.StatusCode);
    }

    [Fact]
    public async Task Client_that_leaves_while_it_waits_gives_back_what_it_took()
    {
        var observer = new Pipeline.AwaitableObserver();
        await using var gateway = await StartAsync(
            _time,
            static app => app.MapGatewayRoute(Route("a")).WithThrottling(Smooth with { MaxDelay = TimeSpan.FromMilliseconds(100) }).WithThrottling(new()
            {
                RequestsPerSecond = 0.001, Burst = 2, Partition = ThrottlePartition.Route,
            }),
            services: builder => builder.Services.AddSingleton<IGatewayObserver>(observer));
        using var waits = new Waits(gateway);
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
        await observer.NextAsync();
        using var leaves = new CancellationTokenSource();
        var waiting = gateway.Client.GetAsync("/a", leaves.Token);
        Assert.Equal(0.1, await waits.NextAsync());
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(RejectionReason.ClientAborted, (await observer.NextAsync()).Reason);

        // Its turn is free again, and the other throttle has its second one.
        var next = gateway.Client.GetAsync("/a");
        Assert.Equal(0.1, await waits.NextAsync());
        _time.Advance(TimeSpan.FromMilliseconds(100));
        using var answer = await next;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    // A gateway in front says how long it still wants the answer.
    [Fact]
    public async Task Who_would_be_too_late_is_refused_at_once_and_takes_nothing()
    {
        await using var gateway = await StartAsync(
            _time,
            static app => app.MapGatewayRoute(Route("a")).WithThrottling(Smooth),
            """{ "TrustedProxies": [ "127.0.0.0/8", "::1/128" ] }""");
        using var waits = new Waits(gateway);
        gateway.Client.DefaultRequestHeaders.Add("X-GW-Deadline-Ms", "100");
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 9));
        gateway.Client.DefaultRequestHeaders.Remove("X-GW-Deadline-Ms");
        gateway.Client.DefaultRequestHeaders.Add("X-GW-Deadline-Ms", "101");
        var waiting = gateway.Client.GetAsync("/a");
        Assert.Equal(0.1, await waits.NextAsync());
        _time.Advance(TimeSpan.FromMilliseconds(100));
        using var answer = await waiting;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    // What has come back by itself counts from when each limit took it, not from the first one's time.
    [Fact]
    public async Task What_was_taken_before_and_after_a_wait_is_given_back_whole()
    {
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoute(Route("a"))
            .WithThrottling(Smooth)
            .WithThrottling(new() { RequestsPerSecond = 100, Burst = 10, Partition = ThrottlePartition.Header("X-Tenant") })
            .WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 1, Partition = ThrottlePartition.Route }));
        using var waits = new Waits(gateway);
        gateway.Client.DefaultRequestHeaders.Add("X-Tenant", "one");
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
        var waiting = gateway.Client.GetAsync("/a");
        Assert.Equal(0.1, await waits.NextAsync());
        _time.Advance(TimeSpan.FromMilliseconds(100));
        using var refused = await waiting;
        Assert.Equal("\"address\";r=1, \"x-tenant\";r=10, \"route\";r=0;t=1000", Assert.Single(refused.Headers.GetValues("RateLimit")));
    }

    [Theory]
    [InlineData(RateLimitOccasion.Always)]
    [InlineData(RateLimitOccasion.OnReject)]
    public async Task Who_would_be_too_late_is_told_that_nothing_is_left(RateLimitOccasion occasion)
    {
        await using var gateway = await StartAsync(
            _time,
            static app => app.MapGatewayRoute(Route("a")).WithThrottling(Smooth),
            $$"""{ "TrustedProxies": [ "127.0.0.0/8", "::1/128" ], "RateLimitOccasion": "{{occasion}}" }""");
        gateway.Client.DefaultRequestHeaders.Add("X-GW-Deadline-Ms", "50");
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
        using var refused = await gateway.Client.GetAsync("/a");
        Assert.Equal((HttpStatusCode.TooManyRequests, "\"address\";r=0;t=1"), (refused.StatusCode, Assert.Single(refused.Headers.GetValues("RateLimit"))));
    }

    // A flood of requests that cannot wait, on all threads: had they taken turns and given them back, some would be lost for who comes then.
    [Fact]
    public async Task Those_refused_move_nobody_behind_them()
    {
        await using var gateway = await StartAsync(
            _time,
            static app => app.MapGatewayRoute(Route("a")).WithThrottling(Smooth with { MaxDelay = TimeSpan.FromMinutes(1) }),
            """{ "TrustedProxies": [ "127.0.0.0/8", "::1/128" ] }""");
        using var waits = new Waits(gateway);
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
        var endpoint = gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.Single(static one => one is RouteEndpoint { RoutePattern.RawText: "/a" });
        await Parallel.ForAsync(0, 20_000, async (_, _) =>
        {
            var request = new DefaultHttpContext { RequestServices = gateway.App.Services, Connection = { RemoteIpAddress = IPAddress.Loopback } };
            request.Request.Headers["X-GW-Deadline-Ms"] = "50";
            request.SetEndpoint(endpoint);
            await endpoint.RequestDelegate!(request);
            Assert.Equal(StatusCodes.Status429TooManyRequests, request.Response.StatusCode);
        });
        var next = gateway.Client.GetAsync("/a");
        Assert.Equal(0.1, await waits.NextAsync());
        _time.Advance(TimeSpan.FromMilliseconds(100));
        using var answer = await next;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Throttle_in_shadow_mode_holds_nobody_back()
    {
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoute(Route("a")).WithThrottling(Smooth with { Mode = PolicyMode.Shadow }));
        Assert.Equal(9, await gateway.PassedAsync("/a", requests: 9));
    }

    /// <summary>How long requests are told to wait, when their wait has begun.</summary>
    private sealed class Waits : IDisposable
    {
        private readonly Channel<double> _waits = Channel.CreateUnbounded<double>();
        private readonly MeterListener _listener = new();

        public Waits(TestHost gateway)
        {
            var meter = gateway.App.Services.GetRequiredService<GatewayMeter>().Meter;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == meter && instrument.Name == "gatewaykit.throttle.delay")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, wait, _, _) => _waits.Writer.TryWrite(wait));
            _listener.Start();
        }

        public Task<double> NextAsync() => _waits.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        public void Dispose() => _listener.Dispose();
    }
}
