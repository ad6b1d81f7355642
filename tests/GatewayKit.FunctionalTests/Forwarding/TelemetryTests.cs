using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>What forwarding tells those who listen, as docs/forwarding.md promises it.</summary>
public sealed class TelemetryTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok")]
    [InlineData("garbage\r\n\r\n", "upstream-protocol")]
    public async Task Duration_tells_route_cluster_destination_and_outcome(string upstreamAnswer, string outcome)
    {
        await using var upstream = RawUpstream.Answering(upstreamAnswer);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var instruments = new Recorder(gateway);
        using var answer = await gateway.Client.GetAsync("/");
        var (value, tags) = await instruments.NextAsync("gatewaykit.forward.duration");
        Assert.InRange(value, double.Epsilon, RawConnection.Limit.TotalSeconds);
        Assert.Equal(
            new Dictionary<string, object?> { ["gatewaykit.route"] = "all", ["gatewaykit.cluster"] = "up", ["gatewaykit.destination"] = "a", ["gatewaykit.outcome"] = outcome },
            tags);
    }

    [Fact]
    public async Task Active_counts_a_request_in_and_out_once()
    {
        var (asked, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            asked.SetResult();
            await release.Task;
            await context.Response.WriteAsync("ok");
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var instruments = new Recorder(gateway);
        var sending = gateway.Client.GetAsync("/");
        await asked.Task.WaitAsync(RawConnection.Limit);
        Assert.Equal(1, (await instruments.NextAsync("gatewaykit.forward.active")).Value);
        release.SetResult();
        using var answer = await sending;
        Assert.Equal(-1, (await instruments.NextAsync("gatewaykit.forward.active")).Value);
        Assert.Equal(0, instruments.Left("gatewaykit.forward.active"));
    }

    [Fact]
    public async Task Listener_that_comes_late_sees_no_request_leave_that_never_came()
    {
        var (asked, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            asked.TrySetResult();
            await release.Task;
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        var sending = gateway.Client.GetAsync("/");
        await asked.Task.WaitAsync(RawConnection.Limit);
        using var instruments = new Recorder(gateway);
        release.SetResult();
        using var first = await sending;
        using var second = await gateway.Client.GetAsync("/");
        Assert.Equal(1, (await instruments.NextAsync("gatewaykit.forward.active")).Value);
    }

    [Fact]
    public async Task Tunnel_tells_its_bytes_both_ways_and_who_ended_it()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            await connection.ReadMaskedAsync('\u0082');
            await connection.SendAsync(WebSocketScripts.Frame("goodbye", masked: false));
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var instruments = new Recorder(gateway);
        using var client = await WebSocketScripts.OpenAsync(gateway.Address);
        await client.SendAsync(WebSocketScripts.Frame("hi", masked: true));
        await client.ReadToEndAsync();
        var (up, down) = (await instruments.NextAsync("gatewaykit.tunnel.bytes"), await instruments.NextAsync("gatewaykit.tunnel.bytes"));
        Assert.Equal((8, "up", "all", 9, "down"), (up.Value, up.Tags["gatewaykit.direction"], up.Tags["gatewaykit.route"], down.Value, down.Tags["gatewaykit.direction"]));
        var duration = await instruments.NextAsync("gatewaykit.tunnel.duration");
        Assert.Equal(("destination", "ok", "up", "a"), (duration.Tags["gatewaykit.ended_by"], duration.Tags["gatewaykit.outcome"], duration.Tags["gatewaykit.cluster"], duration.Tags["gatewaykit.destination"]));
        Assert.True(duration.Value > 0);
    }

    [Theory]
    [InlineData("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nok", ActivityStatusCode.Unset, 503, null)]
    [InlineData("garbage\r\n\r\n", ActivityStatusCode.Error, null, "upstream-protocol")]
    public async Task Attempt_is_a_client_span_below_the_request(string upstreamAnswer, ActivityStatusCode status, int? code, string? error)
    {
        var trace = ActivityTraceId.CreateRandom();
        var spans = new BlockingCollection<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Microsoft.AspNetCore" or "GatewayKit",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.TraceId == trace)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var upstream = RawUpstream.Answering(upstreamAnswer);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01\r\n\r\n");
        Assert.True(spans.TryTake(out var attempt, RawConnection.Limit));
        Assert.True(spans.TryTake(out var request, RawConnection.Limit));
        Assert.Equal(("forward", ActivityKind.Client, request.SpanId), (attempt.OperationName, attempt.Kind, attempt.ParentSpanId));
        Assert.Equal((status, code, error), (attempt.Status, (int?)attempt.GetTagItem("http.response.status_code"), (string?)attempt.GetTagItem("error.type")));
        Assert.Equal(("up", "a"), (attempt.GetTagItem("gatewaykit.cluster"), attempt.GetTagItem("gatewaykit.destination")));
        Assert.Contains($"traceparent: 00-{trace}-{attempt.SpanId}-01", upstream.Heads.Single());
    }

    /// <summary>Listens to the instruments of one host only.</summary>
    private sealed class Recorder : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, BlockingCollection<(double Value, Dictionary<string, object?> Tags)>> _seen = new();

        public Recorder(TestHost gateway)
        {
            var factory = gateway.App.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name is "GatewayKit" && instrument.Meter.Scope == factory)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Of(instrument.Name).Add((value, tags.ToArray().ToDictionary())));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Of(instrument.Name).Add((value, tags.ToArray().ToDictionary())));
            _listener.Start();
        }

        public Task<(double Value, Dictionary<string, object?> Tags)> NextAsync(string instrument) => Task.Run(() =>
            Of(instrument).TryTake(out var seen, RawConnection.Limit) ? seen : throw new TimeoutException($"Nothing from {instrument}."));

        public int Left(string instrument) => Of(instrument).Count;

        public void Dispose() => _listener.Dispose();

        private BlockingCollection<(double Value, Dictionary<string, object?> Tags)> Of(string instrument) => _seen.GetOrAdd(instrument, static _ => []);
    }
}
