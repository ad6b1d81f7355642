using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Forwarding.WebSocketScripts;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Bulkheads of routes and of the host's own endpoints.</summary>
public sealed class BulkheadTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly AwaitableObserver _observer = new();
    private readonly DynamicRouteSource _source = new();
    private readonly SemaphoreSlim _begun = new(0);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RawUpstream _upstream;

    public BulkheadTests() => _upstream = RawUpstream.Start(async (connection, _) =>
    {
        while (true)
        {
            var head = await connection.ReadHeadAsync();
            if (head.Contains("/events", StringComparison.Ordinal))
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n");
                await _released.Task;
                return;
            }

            // The head is there and the body is not: the pipeline has returned long before the answer is over.
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha");
            _begun.Release();
            await _released.Task;
            await connection.SendAsync("lf\n");
        }
    });

    [Theory]
    [InlineData("/route/one")]
    [InlineData("/endpoint")]
    [InlineData("/group/endpoint")]
    [InlineData("/json/one")]
    public async Task Answer_on_its_way_holds_its_place_until_the_last_byte(string path)
    {
        await using var gateway = await StartAsync();
        using var first = await BeginAsync(gateway, path);
        using var refused = await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal(
            ("overloaded", "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"),
            (problem.GetProperty("code").GetString(), problem.GetProperty("type").GetString()));
        Assert.Equal(refused.Headers.RetryAfter.Delta.Value.TotalSeconds, problem.GetProperty("retryAfter").GetInt64());
        _released.SetResult();
        Assert.EndsWith("half\n", await first.ReadAnswerAsync());
        Assert.Equal("half\n", await PassesAsync(gateway, path));
    }

    [Theory]
    [Trait("Fault", "C1")]
    [InlineData("/route/one")]
    [InlineData("/endpoint")]
    public async Task Client_that_goes_away_gives_its_place_back(string path)
    {
        await using var gateway = await StartAsync();
        var first = await BeginAsync(gateway, path);
        first.Reset();
        using var second = await BeginAsync(gateway, path);
    }

    [Fact]
    [Trait("Fault", "C1")]
    public async Task Request_waits_its_turn_and_one_that_gives_up_leaves_the_queue()
    {
        await using var gateway = await StartAsync();
        using var first = await BeginAsync(gateway, "/queued");
        var leaving = await AskAsync(gateway, "/queued");
        await WaitingAsync(gateway, 1);
        using var staying = await AskAsync(gateway, "/queued");
        await WaitingAsync(gateway, 2);
        using var tooMany = await gateway.Client.GetAsync("/queued", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, tooMany.StatusCode);
        leaving.Reset();
        await WaitingAsync(gateway, 1);
        _released.SetResult();
        Assert.EndsWith("half\n", await first.ReadAnswerAsync());
        Assert.EndsWith("half\n", await staying.ReadAnswerAsync());
        Assert.Equal((0, 0), await QuietAsync(gateway));
    }

    [Theory]
    [InlineData("/queued", "\"code\":\"overloaded\"", " 503 ")]
    [InlineData("/queued-with-deadline", "\"code\":\"deadline-exceeded\"", " 504 ")]
    public async Task Wait_ends_at_its_limit_or_with_the_deadline(string path, string code, string status)
    {
        await using var gateway = await StartAsync();
        using var first = await BeginAsync(gateway, path);
        using var second = await AskAsync(gateway, path);
        await WaitingAsync(gateway, 1);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        var answer = await second.ReadAnswerAsync();
        Assert.Contains(status, answer);
        Assert.Contains(code, answer);
    }

    [Fact]
    public async Task Metrics_tell_why_there_was_no_place()
    {
        await using var gateway = await StartAsync();
        using var refusals = new CountedTags(gateway, "gatewaykit.policy.refusals");
        using var first = await BeginAsync(gateway, "/queued");
        using var second = await AskAsync(gateway, "/queued");
        await WaitingAsync(gateway, 1);
        using var third = await AskAsync(gateway, "/queued");
        await WaitingAsync(gateway, 2);
        using var tooMany = await gateway.Client.GetAsync("/queued", TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await second.ReadAnswerAsync();
        await third.ReadAnswerAsync();
        Assert.Equal(["queue-full", "queue-timeout", "queue-timeout"], refusals.Of("gatewaykit.cause"));
    }

    [Fact]
    public async Task Sockets_and_event_streams_do_not_starve_requests()
    {
        await using var gateway = await StartAsync();
        using var socket = await OpenAsync(gateway, "/streams");
        Assert.StartsWith("HTTP/1.1 503", await AnswerToHandshakeAsync(gateway, "/streams"));
        using var request = await BeginAsync(gateway, "/streams");
        using var refused = await gateway.Client.GetAsync("/streams", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    [Fact]
    public async Task Answer_that_turns_out_to_be_an_event_stream_makes_room_for_a_request()
    {
        await using var gateway = await StartAsync();
        using var stream = await AskAsync(gateway, "/route/events");
        await stream.ReadThroughAsync("data: first");
        using var request = await BeginAsync(gateway, "/route/one");
        Assert.Equal((1, 1), Taken(gateway));

        // The streams' one place is taken: the next one keeps the place of a request, of which there is one.
        using var refused = await gateway.Client.GetAsync("/route/events", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    [Theory]
    [InlineData("/route/one")]
    [InlineData("/endpoint")]
    public async Task Request_that_accepts_only_events_is_a_request_until_it_is_answered(string path)
    {
        await using var gateway = await StartAsync();
        using var first = await BeginAsync(gateway, path);
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", "text/event-stream" } } };
        using var refused = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    [Fact]
    public async Task Endpoints_share_what_they_name_and_the_lower_number_gives_way()
    {
        await using var gateway = await StartAsync();
        using var first = await BeginAsync(gateway, "/shared/two");
        using var refused = await gateway.Client.GetAsync("/shared/one", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        using var second = await BeginAsync(gateway, "/shared/two");
    }

    [Fact]
    public async Task Reload_changes_the_number_and_keeps_the_count()
    {
        await using var gateway = await StartAsync();
        await ApplyAsync(maxInFlight: 2);
        using var first = await BeginAsync(gateway, "/dynamic");
        await ApplyAsync(maxInFlight: 1);
        using var refused = await gateway.Client.GetAsync("/dynamic", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        await ApplyAsync(maxInFlight: 2);
        using var second = await BeginAsync(gateway, "/dynamic");
        _released.SetResult();
        Assert.EndsWith("half\n", await first.ReadAnswerAsync());
        Assert.EndsWith("half\n", await second.ReadAnswerAsync());
        await ApplyAsync(maxInFlight: 1);
        Assert.Equal("half\n", await PassesAsync(gateway, "/dynamic"));
    }

    [Fact]
    public async Task Shadow_counts_and_refuses_nobody()
    {
        await using var gateway = await StartAsync();
        using var first = await BeginAsync(gateway, "/shadow");
        using var second = await BeginAsync(gateway, "/shadow");
        _released.SetResult();
        Assert.EndsWith("half\n", await first.ReadAnswerAsync());
        Assert.EndsWith("half\n", await second.ReadAnswerAsync());
        PolicyDecision[] decisions = [(await _observer.NextAsync()).Decisions[0], (await _observer.NextAsync()).Decisions[0]];
        var would = Assert.Single(decisions, static decision => decision.Outcome is PolicyOutcome.WouldRefuse);
        Assert.Equal(RejectionReason.Overloaded, would.Reason);
        Assert.Equal((0, 0), await QuietAsync(gateway));
    }

    [Theory]
    [InlineData("""{ "MaxInFlight": 0 }""", "MaxInFlight is 0; it must be from 1 to 1000000.")]
    [InlineData("""{ }""", "MaxInFlight")]
    [InlineData("""{ "MaxInFlight": 1, "Queue": -1 }""", "Queue is -1")]
    [InlineData("""{ "MaxInFlight": 1, "MaxWait": "00:00:00" }""", "MaxWait is 00:00:00; it must be more than zero")]
    [InlineData("""{ "MaxInFlight": 1, "Name": " " }""", "Name is empty")]
    [InlineData("""{ "MaxInFlight": 1, "MaxStreams": 0 }""", "MaxStreams is 0")]
    public async Task Mistake_stops_the_start_and_names_its_path(string bulkhead, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            $$"""{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": { "Status": 200 }, "Bulkhead": {{bulkhead}} } } }"""));
        var only = Assert.Single(error.Errors);
        Assert.StartsWith("Gateway:Routes:r:Bulkhead", only.Path, StringComparison.Ordinal);
        Assert.Contains(words, $"{only.Path} {only.Message}", StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync()
    {
        _released.TrySetResult();
        return _upstream.DisposeAsync();
    }

    private static async Task<RawConnection> AskAsync(TestHost gateway, string path)
    {
        var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        return client;
    }

    private static async Task<RawConnection> OpenAsync(TestHost gateway, string path)
    {
        var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake().Replace("GET / ", $"GET {path} ", StringComparison.Ordinal));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadHeadAsync());
        return client;
    }

    private static async Task<string> AnswerToHandshakeAsync(TestHost gateway, string path)
    {
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake().Replace("GET / ", $"GET {path} ", StringComparison.Ordinal));
        return await client.ReadAnswerAsync();
    }

    // A place is given back right after the last byte, which the client has by then: those who come at once may come too early.
    private static async Task<string> PassesAsync(TestHost gateway, string path)
    {
        for (var look = 0; ; look++)
        {
            using var answer = await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
            if (answer.IsSuccessStatusCode || look > 1_000)
            {
                return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            }

            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private static (int Requests, int Streams) Taken(TestHost gateway)
    {
        var all = gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>().InUse.Where(static bulkhead => !bulkhead.IsCluster).ToArray();
        return (all.Sum(static bulkhead => bulkhead.Requests.Taken), all.Sum(static bulkhead => bulkhead.Streams.Taken));
    }

    private static async Task<(int Requests, int Streams)> QuietAsync(TestHost gateway)
    {
        for (var look = 0; Taken(gateway) != (0, 0) && look < 1_000; look++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return Taken(gateway);
    }

    private static async Task WaitingAsync(TestHost gateway, int count)
    {
        var bulkheads = gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>();
        for (var look = 0; bulkheads.InUse.Sum(static bulkhead => bulkhead.Requests.Waiting) != count; look++)
        {
            Assert.True(look < 4_000, $"There are not {count} waiting.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    // Asks until it is let in: who asks at once after another one has ended may be too early.
    private async Task<RawConnection> BeginAsync(TestHost gateway, string path)
    {
        for (var tries = 0; tries < 1_000; tries++)
        {
            var client = await AskAsync(gateway, path);
            var head = await client.ReadThroughAsync(" ") + await client.ReadThroughAsync(" ");
            if (head.Contains("200", StringComparison.Ordinal))
            {
                Assert.True(await _begun.WaitAsync(RawConnection.Limit));

                // What is left of the status line goes, so that the rest reads like a head.
                await client.ReadThroughAsync("\r\n");
                return client;
            }

            client.Dispose();
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"No place at {path} came free.");
    }

    private async Task ApplyAsync(int maxInFlight)
    {
        var route = new GatewayRoute
        {
            Id = "dynamic",
            Match = new() { Path = "/dynamic" },
            Cluster = "c",
            Policies = [new BulkheadPolicy { MaxInFlight = maxInFlight }],
        };
        Assert.True((await _source.ApplyAsync(new() { Routes = [route] })).Accepted);
    }

    private Task<TestHost> StartAsync() => TestHost.GatewayAsync(
        $$"""
        {
          "Clusters": { "c": { "Destinations": { "a": { "Address": "{{_upstream.Address}}" } } } },
          "Routes": { "json": { "Match": { "Path": "/json/{**rest}" }, "Cluster": "c", "Bulkhead": { "MaxInFlight": 1 } } }
        }
        """,
        builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(_time);
            builder.Services.AddSingleton<IGatewayObserver>(_observer);
            builder.Services.AddSingleton(_source);
            builder.AddRouteSource<DynamicRouteSource>();
        },
        app =>
        {
            app.MapGatewayRoutes();
            app.MapGatewayRoute("/route/{**rest}", cluster: "c").WithBulkhead(1);
            app.MapGet("/endpoint", HalfAsync).WithBulkhead(1);
            app.MapGroup("/group").WithBulkhead(1).MapGet("/endpoint", HalfAsync);
            app.MapGatewayRoute("/queued", cluster: "c").WithBulkhead(1, queue: 2);
            app.MapGatewayRoute("/queued-with-deadline", cluster: "c").WithBulkhead(1, queue: 2).WithTimeout(TimeSpan.FromMilliseconds(50), endsStreams: false);
            app.MapGatewayRoute("/shared/two", cluster: "c").WithBulkhead(new BulkheadPolicy { Name = "db", MaxInFlight = 2 });
            app.MapGet("/shared/one", HalfAsync).WithBulkhead(new BulkheadPolicy { Name = "DB", MaxInFlight = 1 });
            app.MapGatewayRoute("/shadow", cluster: "c").WithBulkhead(new BulkheadPolicy { MaxInFlight = 1, Mode = PolicyMode.Shadow });
            app.MapGet("/streams", StreamAsync).WithBulkhead(new BulkheadPolicy { MaxInFlight = 1, MaxStreams = 1 });
        });

    private async Task StreamAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            await using var stream = await upgrade.UpgradeAsync();
            await _released.Task.WaitAsync(context.RequestAborted);
            return;
        }

        await HalfAsync(context);
    }

    private async Task HalfAsync(HttpContext context)
    {
        context.Response.ContentLength = 5;
        await context.Response.WriteAsync("ha");
        await context.Response.Body.FlushAsync();
        _begun.Release();
        await _released.Task.WaitAsync(context.RequestAborted);
        await context.Response.WriteAsync("lf\n");
    }
}
