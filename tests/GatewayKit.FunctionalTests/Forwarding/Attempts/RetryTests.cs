using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Routing;
using GatewayKit.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Forwarding.Attempts;

/// <summary>Retries with real destinations.</summary>
public sealed class RetryTests
{
    private static readonly RetryPolicy AtOnce = new() { BaseDelay = TimeSpan.Zero };

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Destination_that_cannot_be_reached_sends_any_request_on_without_a_policy(string method)
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(null, Unreachable(), upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(gateway, method, "1", "200", body: "hello")).StatusCode);
        Assert.Equal("retried", decisions.Take());
        Assert.Equal((1, "hello"), (upstream.Seen("1"), upstream.BodyOf("1") is "" ? "hello" : upstream.BodyOf("1")));
    }

    [Fact]
    public async Task One_destination_and_no_policy_is_one_attempt()
    {
        await using var gateway = await StartAsync(null, Unreachable());
        using var decisions = new RetryDecisions(gateway);
        Assert.Equal(HttpStatusCode.BadGateway, (await SendAsync(gateway, "GET", "1", "200")).StatusCode);
        Assert.Equal("", decisions.Take());
    }

    // The table of docs/resilience.md.
    [Theory]
    [InlineData(null, 1, HttpStatusCode.OK, "retried")]
    [InlineData(PolicyMode.Enforce, 1, HttpStatusCode.OK, "retried")]
    [InlineData(PolicyMode.Off, 1, HttpStatusCode.BadGateway, "")]
    [InlineData(PolicyMode.Enforce, 0, HttpStatusCode.BadGateway, "")]
    [InlineData(PolicyMode.Shadow, 1, HttpStatusCode.OK, "retried")]
    public async Task Going_on_to_another_destination_is_switched_off_with_retries(PolicyMode? mode, int maxRetries, HttpStatusCode status, string decision)
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(mode is { } said ? AtOnce with { Mode = said, MaxRetries = maxRetries } : null, Unreachable(), upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        using var answer = await SendAsync(gateway, "POST", "1", "200", body: "hello");
        Assert.Equal((status, decision), (answer.StatusCode, decisions.Take()));
    }

    [Fact]
    public async Task Only_destination_that_cannot_be_reached_is_tried_twice_more()
    {
        await using var gateway = await StartAsync(AtOnce, Unreachable());
        using var decisions = new RetryDecisions(gateway);
        using var answer = await SendAsync(gateway, "POST", "1", "200");
        Assert.Equal((HttpStatusCode.BadGateway, "retried, retried, attempts-used"), (answer.StatusCode, decisions.Take()));
    }

    [Fact]
    public async Task Without_a_policy_an_answer_is_an_answer()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(null, upstream.Address, upstream.Address);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync(gateway, "GET", "1", "503")).StatusCode);
        Assert.Equal(1, upstream.Seen("1"));
    }

    [Fact]
    public async Task Destination_is_told_that_it_sees_a_retry_and_clients_are_not_believed()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(AtOnce, upstream.Address);
        using var request = Request("GET", "1", "503");
        request.Headers.Add("X-GW-Attempt", "7");
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("2", answer.Headers.GetValues("X-Attempt").Single());
    }

    [Fact]
    public async Task Last_answer_goes_to_the_client_when_all_attempts_fail()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(AtOnce with { MaxRetries = 2 }, upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        using var answer = await SendAsync(gateway, "GET", "1", "503", always: true);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.False(answer.Headers.Contains("X-GW-Retries-Exhausted"));
        Assert.Equal((3, "retried, retried, attempts-used"), (upstream.Seen("1"), decisions.Take()));
    }

    [Fact]
    public async Task Shadow_counts_and_does_not_retry()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(AtOnce with { Mode = PolicyMode.Shadow }, upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync(gateway, "GET", "1", "503")).StatusCode);
        Assert.Equal((1, "would-retry"), (upstream.Seen("1"), decisions.Take()));
    }

    [Fact]
    public async Task Budget_ends_retries_and_the_last_answer_is_relayed()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(AtOnce with { Budget = new() { Ratio = 0.2, MinPerSecond = 0 } }, upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        for (var i = 1; i <= 10; i++)
        {
            (await SendAsync(gateway, "GET", $"{i}", "503", always: true)).Dispose();
        }

        // One of five.
        Assert.Equal(2, decisions.Take().Split(", ").Count(static outcome => outcome is "retried"));
    }

    [Theory]
    [Trait("Fault", "U15")]
    [InlineData("1", "retried")]
    [InlineData("-5", "retried")]
    [InlineData("86400", "too-late")]
    [InlineData("11", "too-late")]
    public async Task Retry_after_is_waited_for_as_far_as_the_policy_grants(string seconds, string decision)
    {
        var time = new FakeTimeProvider();
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(AtOnce, time, upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        using var request = Request("GET", "1", "503");
        request.Headers.Add("X-Retry-After", seconds);
        var sending = gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var waited = TimeSpan.Zero;
        while (!sending.IsCompleted)
        {
            // While the retry waits, and no longer than that takes: an attempt has a clock too.
            if (!decisions.IsEmpty && upstream.Seen("1") == 1 && waited < TimeSpan.FromSeconds(2))
            {
                waited += TimeSpan.FromMilliseconds(10);
                time.Advance(TimeSpan.FromMilliseconds(10));
            }

            await Task.Yield();
        }

        Assert.Equal(decision, decisions.Take());
        Assert.Equal(decision is "retried" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, (await sending).StatusCode);
    }

    [Fact]
    [Trait("Fault", "U15")]
    public async Task Wait_that_does_not_fit_into_the_deadline_is_not_begun()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(AtOnce, new FakeTimeProvider(), TimeSpan.FromSeconds(4), upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        using var request = Request("GET", "1", "503");
        request.Headers.Add("X-Retry-After", "5");
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "too-late"), (answer.StatusCode, decisions.Take()));
    }

    [Fact]
    public async Task Client_that_goes_away_while_a_retry_waits_ends_it_and_gives_its_places_back()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await StartAsync(AtOnce, new FakeTimeProvider(), upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        using (var client = await RawConnection.ConnectAsync(gateway.Address))
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Test-Id: 1\r\nX-Fault: 503\r\nX-Retry-After: 9\r\n\r\n");
            Assert.True(SpinWait.SpinUntil(() => !decisions.IsEmpty, RawConnection.Limit));
            client.Reset();
        }

        var destination = gateway.App.Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations[0];
        Assert.True(SpinWait.SpinUntil(() => destination.InFlight == 0, RawConnection.Limit));
        Assert.Equal((1, "retried"), (upstream.Seen("1"), decisions.Take()));
    }

    [Fact]
    public async Task Trusted_gateway_is_told_that_retries_are_exhausted_and_one_that_retries_itself_gets_one_attempt()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            static cluster => cluster with { Retry = AtOnce },
            static builder => builder.Services.Configure<GatewayOptions>(static options => options.TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")]));
        using var decisions = new RetryDecisions(gateway);
        using var exhausted = await SendAsync(gateway, "GET", "1", "503", always: true);
        Assert.True(exhausted.Headers.Contains("X-GW-Retries-Exhausted"));
        Assert.Equal("retried, attempts-used", decisions.Take());

        using var request = Request("GET", "2", "503");
        request.Headers.Add("X-GW-Attempt", "2");
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((1, "left-to-gateway"), (upstream.Seen("2"), decisions.Take()));
    }

    [Fact]
    public async Task Destination_that_is_a_gateway_and_has_given_up_is_not_asked_again_and_clients_do_not_see_its_word()
    {
        await using var upstream = await Upstream.StartAsync(static context =>
        {
            context.Response.Headers["X-GW-Retries-Exhausted"] = "1";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
        await using var gateway = await StartAsync(AtOnce, upstream.Address);
        using var decisions = new RetryDecisions(gateway);
        using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal("left-to-gateway", decisions.Take());
        Assert.False(answer.Headers.Contains("X-GW-Retries-Exhausted"));
    }

    [Fact]
    public async Task Host_that_stops_makes_no_retry_that_would_have_to_wait()
    {
        TestHost? gateway = null;
        await using var upstream = await Upstream.StartAsync(context =>
        {
            gateway!.App.Lifetime.StopApplication();
            context.Response.Headers.RetryAfter = "5";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
        await using (gateway = await StartAsync(AtOnce, new FakeTimeProvider(), upstream.Address))
        {
            using var decisions = new RetryDecisions(gateway);
            using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "draining"), (answer.StatusCode, decisions.Take()));
        }
    }

    [Fact]
    public async Task Request_timeout_of_the_host_that_ends_the_wait_is_no_client_that_left()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddRequestTimeouts(static options => options.DefaultPolicy = new() { Timeout = TimeSpan.FromMilliseconds(200) });
                builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider());
                builder.Services.AddApiGateway()
                    .AddClusters(new Cluster { Id = "up", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } }, Retry = AtOnce })
                    .AddRoutes(new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" });
            },
            static app =>
            {
                app.UseRequestTimeouts();
                app.MapGatewayRoutes();
            });
        using var request = Request("GET", "1", "503");
        request.Headers.Add("X-Retry-After", "9");
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("deadline-exceeded", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Word_of_exhausted_retries_goes_with_a_failure_only()
    {
        await using var upstream = await FailsOnce.StartAsync();
        await using var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway(static options => options.TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")])
                .AddClusters(new Cluster { Id = "up", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } }, Retry = AtOnce })
                .AddRoutes(new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" }),
            static app => app.MapGatewayRoutes().AddEndpointFilter(static async (context, next) =>
            {
                await next(context);
                return "instead";
            }));
        using var answer = await SendAsync(gateway, "GET", "1", "503", always: true);
        Assert.Equal(("instead", false), (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), answer.Headers.Contains("X-GW-Retries-Exhausted")));
    }

    private static Task<TestHost> StartAsync(RetryPolicy? retry, params Uri[] addresses) => StartAsync(retry, TimeProvider.System, addresses);

    private static Task<TestHost> StartAsync(RetryPolicy? retry, TimeProvider time, params Uri[] addresses) => StartAsync(retry, time, null, addresses);

    // In turn, from the first.
    private static Task<TestHost> StartAsync(RetryPolicy? retry, TimeProvider time, TimeSpan? total, params Uri[] addresses) => Upstream.GatewayToAsync(
        addresses[0],
        cluster => cluster with
        {
            Destinations = addresses.Index().ToDictionary(static item => $"{item.Index}", static item => new Destination { Address = item.Item }),
            LoadBalancing = LoadBalancing.First,
            Retry = retry,
            Timeouts = new() { Total = total },
            CircuitBreaker = new() { Mode = PolicyMode.Off },
        },
        builder => builder.Services.AddSingleton(time));

    private static Uri Unreachable() => new($"http://127.0.0.1:{FreePort.Next()}");

    private static HttpRequestMessage Request(string method, string id, string fault)
    {
        var request = new HttpRequestMessage(new(method), "/");
        request.Headers.Add("X-Test-Id", id);
        request.Headers.Add("X-Fault", fault);
        return request;
    }

    private static async Task<HttpResponseMessage> SendAsync(TestHost gateway, string method, string id, string fault, bool always = false, string? body = null)
    {
        using var request = Request(method, id, fault);
        if (always)
        {
            request.Headers.Add("X-Attempts", "all");
        }

        if (body is not null && method is not "GET")
        {
            request.Content = new StringContent(body);
        }

        return await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
