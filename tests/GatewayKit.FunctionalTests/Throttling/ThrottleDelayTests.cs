using System.Diagnostics.Metrics;
using System.Net;
using System.Threading.Channels;
using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
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
