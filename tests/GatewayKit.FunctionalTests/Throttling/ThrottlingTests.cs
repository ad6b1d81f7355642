using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling;

public sealed class ThrottlingTests
{
    private readonly FakeTimeProvider _time = new();

    // F4: the framework's own middleware answers 503.
    [Fact]
    public async Task Throttled_request_gets_429_and_retry_after()
    {
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoute(Route("slow")).WithThrottling(requestsPerSecond: 0.4));
        using var passed = await gateway.Client.GetAsync("/slow");
        Assert.Equal("slow", await passed.Content.ReadAsStringAsync());

        _time.Advance(TimeSpan.FromSeconds(0.4));
        using var refused = await gateway.Client.GetAsync("/slow");

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Equal(TimeSpan.FromSeconds(3), refused.Headers.RetryAfter?.Delta); // 2.1 seconds, rounded up.
        Assert.True(refused.Headers.CacheControl?.NoStore);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("rate-limited", problem.GetProperty("code").GetString());
        Assert.Equal("https://iana.org/assignments/http-problem-types#quota-exceeded", problem.GetProperty("type").GetString());
        Assert.Equal(429, problem.GetProperty("status").GetInt32());

        _time.Advance(refused.Headers.RetryAfter!.Delta!.Value);
        using var again = await gateway.Client.GetAsync("/slow");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    // A1: filters also run around a bare request delegate.
    [Fact]
    public async Task Throttling_limits_a_request_delegate_and_a_route_handler()
    {
        await using var gateway = await StartAsync(_time, static app =>
        {
            app.Map("/delegate", static context => context.Response.WriteAsync("own")).WithThrottling(requestsPerSecond: 1, burst: 2);
            app.MapGet("/handler", static () => "own").WithThrottling(requestsPerSecond: 1, burst: 3);
        });
        Assert.Equal(2, await gateway.PassedAsync("/delegate", requests: 5));
        Assert.Equal(3, await gateway.PassedAsync("/handler", requests: 5));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, await gateway.PassedAsync("/delegate", requests: 5));
        Assert.Equal(2, await gateway.PassedAsync("/handler", requests: 5));
    }

    [Fact]
    public async Task Endpoint_overrides_its_group_in_the_same_partition()
    {
        await using var gateway = await StartAsync(_time, static app =>
        {
            var group = app.MapGroup("/group").WithThrottling(requestsPerSecond: 100, burst: 5);
            group.MapGet("/plain", static () => "own");
            group.MapGet("/less", static () => "own").WithThrottling(requestsPerSecond: 10, burst: 2);
            group.MapGet("/more", static () => "own").WithThrottling(requestsPerSecond: 1_000, burst: 7);
            group.MapGatewayRoute(Route("route")).WithThrottling(requestsPerSecond: 10, burst: 3);
        });
        Assert.Equal(5, await gateway.PassedAsync("/group/plain", requests: 10));
        Assert.Equal(2, await gateway.PassedAsync("/group/less", requests: 10));
        Assert.Equal(7, await gateway.PassedAsync("/group/more", requests: 10));
        Assert.Equal(3, await gateway.PassedAsync("/group/route", requests: 10));
    }

    [Fact]
    public async Task Other_partition_adds_up()
    {
        await using var gateway = await StartAsync(_time, static app =>
        {
            var group = app.MapGroup("/group").WithThrottling(requestsPerSecond: 100, burst: 5);
            group.MapGet("/own", static () => "own")
                .WithThrottling(new() { RequestsPerSecond = 10, Burst = 2, Partition = ThrottlePartition.Header("X-Tenant") });
        });
        Assert.Equal(2, await gateway.PassedAsync("/group/own", requests: 2, tenant: "one"));
        Assert.Equal(0, await gateway.PassedAsync("/group/own", requests: 1, tenant: "one"));
        Assert.Equal(2, await gateway.PassedAsync("/group/own", requests: 5, tenant: "two"));
        Assert.Contains(
            "Admit Throttle → Limit Throttle",
            gateway.App.Services.GetRequiredService<GatewayInspector>().Describe(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_at_different_addresses_do_not_share()
    {
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoute(Route("a")).WithThrottling(requestsPerSecond: 1));
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 3));

        using var elsewhere = ClientAt(IPAddress.Parse("127.0.0.2"), gateway.Address);
        using var passed = await elsewhere.GetAsync("/a");
        using var refused = await elsewhere.GetAsync("/a");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (passed.StatusCode, refused.StatusCode));
    }

    [Fact]
    public async Task Shadow_lets_everything_through_and_records_what_it_would_refuse()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartAsync(
            _time,
            static app => app.MapGet("/own", static () => "own").WithThrottling(new() { RequestsPerSecond = 1, Burst = 2, Mode = PolicyMode.Shadow }),
            services: builder => builder.Services.AddSingleton<IGatewayObserver>(observer));
        Assert.Equal(3, await gateway.PassedAsync("/own", requests: 3));

        var decisions = new List<PolicyDecision>();
        for (var i = 0; i < 3; i++)
        {
            decisions.Add(Assert.Single((await observer.NextAsync()).Decisions));
        }

        Assert.Equal([PolicyOutcome.Allowed, PolicyOutcome.Allowed, PolicyOutcome.WouldRefuse], decisions.Select(static decision => decision.Outcome));
        Assert.Equal(new PolicyDecision("Throttle", PolicyMode.Shadow, PolicyOutcome.WouldRefuse, RejectionReason.RateLimited), decisions[2]);
    }

    [Fact]
    public async Task Endpoint_can_switch_off_the_throttle_of_its_group()
    {
        await using var gateway = await StartAsync(_time, static app =>
        {
            var group = app.MapGroup("/group").WithThrottling(requestsPerSecond: 1);
            group.MapGet("/free", static () => "own").WithThrottling(new() { RequestsPerSecond = 1, Mode = PolicyMode.Off });
            group.MapGet("/own", static () => "own");
        });
        Assert.Equal(5, await gateway.PassedAsync("/group/free", requests: 5));
        Assert.Equal(1, await gateway.PassedAsync("/group/own", requests: 5));
    }

    [Fact]
    public async Task Constant_partition_is_one_allowance_for_a_whole_group()
    {
        await using var gateway = await StartAsync(_time, static app =>
        {
            var group = app.MapGroup("/group").WithThrottling(new() { RequestsPerSecond = 1, Burst = 3, Partition = ThrottlePartition.Constant });
            group.MapGet("/own", static () => "own");
            group.MapGatewayRoute(Route("route"));
        });
        Assert.Equal(2, await gateway.PassedAsync("/group/own", requests: 2));
        Assert.Equal(1, await gateway.PassedAsync("/group/route", requests: 3));
        Assert.Equal(0, await gateway.PassedAsync("/group/own", requests: 1));
    }

    private static HttpClient ClientAt(IPAddress address, Uri gateway) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(address, 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = gateway };
}
