using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>How much is in flight at a cluster, counted by its destination.</summary>
public sealed class ClusterLimitTests
{
    private int _inside;
    private int _most;
    private int _served;

    [Theory]
    [InlineData(8, 0, null, HttpProtocols.Http1)]
    [InlineData(8, 100, null, HttpProtocols.Http1)]
    [InlineData(64, 100, 5, HttpProtocols.Http1)]
    [InlineData(64, 100, 5, HttpProtocols.Http2)]
    public async Task High_water_mark_at_the_destination_is_never_above_the_cap(int max, int queue, int? perDestination, HttpProtocols protocols)
    {
        await using var upstream = await Upstream.StartAsync(CountAsync, protocols);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, cluster => cluster with
        {
            Http = new() { Version = protocols is HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
            Limits = new() { MaxInFlight = max, Queue = queue, MaxWait = TimeSpan.FromSeconds(30), MaxInFlightPerDestination = perDestination },
        });
        var (served, refused) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ =>
        {
            for (var i = 0; i < 10; i++)
            {
                using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
                Interlocked.Increment(ref answer.IsSuccessStatusCode ? ref served : ref refused);
                Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable]);
                Assert.Equal(!answer.IsSuccessStatusCode, answer.Headers.RetryAfter is not null);
            }
        }));
        Assert.InRange(_most, 1, perDestination ?? max);
        Assert.Equal((400, _served), (served + refused, served));

        // As many may wait for a destination as may be at it, so that some of forty find no place there either.
        Assert.Equal(queue == 0 || perDestination is not null, refused > 0);
        Assert.Equal((0, 0), await QuietAsync(gateway));
    }

    [Fact]
    public async Task Metrics_tell_why_there_was_no_place()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var begun = new SemaphoreSlim(0);
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            begun.Release();
            await released.Task;
            await context.Response.WriteAsync("done");
        });
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, static cluster => cluster with { Limits = new() { MaxInFlight = 1, Queue = 1, MaxWait = TimeSpan.FromSeconds(1) } });
        using var refusals = new CountedTags(gateway, "gatewaykit.bulkhead.refused");
        var first = gateway.Client.GetStringAsync("/", TestContext.Current.CancellationToken);
        await begun.WaitAsync(TestContext.Current.CancellationToken);

        // Of two that come at once one waits in vain, and the other is not even let wait.
        var both = await Task.WhenAll(gateway.Client.GetAsync("/", TestContext.Current.CancellationToken), gateway.Client.GetAsync("/", TestContext.Current.CancellationToken));
        Assert.All(both, static answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));
        Assert.Equal(["queue-full", "queue-timeout"], refusals.Of("gatewaykit.cause"));
        released.SetResult();
        Assert.Equal("done", await first);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Shadow_counts_and_refuses_nobody(bool hasClasses)
    {
        await using var upstream = await Upstream.StartAsync(CountAsync);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, cluster => cluster with { Limits = new() { MaxInFlight = 1, Queue = 0, Mode = PolicyMode.Shadow, Priorities = hasClasses ? new() : null } });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => Assert.NotEmpty(await gateway.Client.GetStringAsync("/", TestContext.Current.CancellationToken))));
        Assert.Equal(20, _served);
        Assert.Equal((0, 0), await QuietAsync(gateway));
    }

    // A limit that is tried refuses by the rule of the one in force: by class, and whoever would have been refused takes nothing.
    [Fact]
    public async Task Shadow_counts_by_class_who_would_have_been_let_in()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var begun = new SemaphoreSlim(0);
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            begun.Release();
            await released.Task;
            await context.Response.WriteAsync("done");
        });
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddClusters(new Cluster
            {
                Id = "up",
                Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } },
                Limits = new() { MaxInFlight = 3, Queue = 0, Priorities = new(), Mode = PolicyMode.Shadow },
            }),
            map: static app =>
            {
                app.MapGatewayRoute("/reports", cluster: "up").WithRequestPriority(PriorityClass.BestEffort);
                app.MapGatewayRoute("/pay", cluster: "up").WithRequestPriority(PriorityClass.Critical);
            });
        using var refusals = new CountedTags(gateway, "gatewaykit.bulkhead.refused");
        var served = new List<Task<string>>();
        foreach (var (path, taken, refused) in (ValueTuple<string, int, int>[])[("/reports", 1, 0), ("/reports", 2, 0), ("/reports", 2, 1), ("/pay", 3, 1), ("/pay", 3, 2), ("/reports", 3, 3)])
        {
            served.Add(gateway.Client.GetStringAsync(path, TestContext.Current.CancellationToken));
            await begun.WaitAsync(TestContext.Current.CancellationToken);
            Assert.Equal((taken, refused), (Taken(gateway).Requests, refusals.Of("gatewaykit.outcome").Count(static outcome => outcome is "would_refuse")));
        }

        Assert.Equal([PriorityClass.BestEffort, PriorityClass.Critical, PriorityClass.BestEffort], refusals.Of("gatewaykit.priority"));
        released.SetResult();
        Assert.All(await Task.WhenAll(served), static answer => Assert.Equal("done", answer));
        Assert.Equal((0, 0), await QuietAsync(gateway));
    }

    // What a client accepts is its word alone, and must not be a way past the limit.
    [Fact]
    public async Task Request_that_accepts_only_events_is_a_request_until_it_is_answered()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var begun = new SemaphoreSlim(0);
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            begun.Release();
            await released.Task;
            await context.Response.WriteAsync("no events");
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, static cluster => cluster with { Limits = new() { MaxInFlight = 1, Queue = 0 } });
        var first = gateway.Client.SendAsync(Events(), TestContext.Current.CancellationToken);
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1, 0), Taken(gateway));
        using var second = await gateway.Client.SendAsync(Events(), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        released.SetResult();
        using var answer = await first;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        static HttpRequestMessage Events() => new(HttpMethod.Get, "/") { Headers = { { "Accept", "text/event-stream" } } };
    }

    [Fact]
    public async Task Request_that_fails_holds_no_place_when_it_is_answered()
    {
        await using var upstream = RawUpstream.Start(static async (connection, _) => await connection.ReadHeadAsync());
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, static cluster => cluster with { Limits = new() { MaxInFlight = 1, Queue = 0 } });
        for (var i = 0; i < 5; i++)
        {
            using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Event_stream_makes_room_for_requests()
    {
        var released = new TaskCompletionSource();
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            context.Response.ContentType = context.Request.Path == "/events" ? "text/event-stream" : "text/plain";
            await context.Response.WriteAsync("data: first\n\n");
            await context.Response.Body.FlushAsync();
            await (context.Request.Path == "/events" ? released.Task : Task.CompletedTask);
        });
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, static cluster => cluster with { Limits = new() { MaxInFlight = 1, Queue = 0, MaxStreams = 1 } });
        using var stream = await gateway.Client.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal((0, 1), Taken(gateway));
        Assert.NotEmpty(await gateway.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        released.SetResult();
    }

    [Theory]
    [InlineData(""" "MaxInFlight": 0 """, "MaxInFlight", "it must be from 1 to 1000000")]
    [InlineData(""" "MaxWait": "00:02:00" """, "MaxWait", "at most 00:01:00")]
    [InlineData(""" "MaxInFlightPerDestination": 2000 """, "MaxInFlightPerDestination", "Http.MaxConnections allows 1024")]
    public async Task Mistake_stops_the_start_and_names_its_path(string limits, string key, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayKit.Configuration.GatewayConfigurationException>(
            () => TestHost.GatewayAsync($$"""{ "Clusters": { "c": { "Limits": { {{limits}} } } } }"""));
        var only = Assert.Single(error.Errors);
        Assert.Equal($"Gateway:Clusters:c:Limits:{key}", only.Path);
        Assert.Contains(words, only.Message, StringComparison.Ordinal);
    }

    private static (int Requests, int Streams) Taken(TestHost gateway)
    {
        var bulkhead = gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>().ForCluster("up");
        return (bulkhead.Requests.Taken, bulkhead.Streams.Taken);
    }

    private static async Task<(int Requests, int Streams)> QuietAsync(TestHost gateway)
    {
        for (var look = 0; Taken(gateway) != (0, 0) && look < 1_000; look++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return Taken(gateway);
    }

    // Who has left is not inside, and has left before the gateway can know that the answer is whole.
    private async Task CountAsync(HttpContext context)
    {
        var inside = Interlocked.Increment(ref _inside);
        for (var seen = Volatile.Read(ref _most); inside > seen && Interlocked.CompareExchange(ref _most, inside, seen) != seen; seen = Volatile.Read(ref _most))
        {
        }

        await Task.Delay(2);
        Interlocked.Increment(ref _served);
        Interlocked.Decrement(ref _inside);
        await context.Response.WriteAsync("served");
    }
}
