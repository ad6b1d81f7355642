using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Shedding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>What a process that has too much to do refuses, and in what order.</summary>
public sealed class LoadSheddingTests
{
    private static readonly string[] Paths = ["/pay", "/browse", "/reports", "/endpoint", "/health", "/off"];

    private readonly FakeTimeProvider _time = new();
    private HostReading _reading;

    [Fact]
    public async Task Classes_are_shed_from_below_and_health_never_is()
    {
        await using var gateway = await StartAsync();
        using var refusals = new CountedTags(gateway, "gatewaykit.policy.refusals");
        using var changes = new CountedTags(gateway, "gatewaykit.load.changes");
        _reading = new(QueuedWorkItems: 10_000, Memory: 0, GcPause: 0, Cpu: 0);
        Assert.Empty(await RefusedAsync(gateway));

        // The first reading begins what must last.
        _time.Advance(HostLoad.Period);
        Rise(2);
        Assert.Empty(await RefusedAsync(gateway));
        Rise(1);
        Assert.Equal(["/reports"], await RefusedAsync(gateway));
        Rise(1);
        Assert.Equal(["/browse", "/reports", "/endpoint"], await RefusedAsync(gateway));
        Rise(1);
        Assert.Equal(["/pay", "/browse", "/reports", "/endpoint"], await RefusedAsync(gateway));
        Assert.All(refusals.Of("gatewaykit.cause"), static cause => Assert.Equal("load-shed", cause));
        Assert.Equal(["close-connections", "shrink-queues", "shed-lowest", "shed-all-but-highest", "shed-all"], changes.Of("gatewaykit.level"));
        Assert.All(changes.Of("gatewaykit.signal"), static signal => Assert.Equal("work-items", signal));
        _reading = default;
        for (var i = 0; i < 60; i++)
        {
            _time.Advance(HostLoad.Period);
        }

        Assert.Empty(await RefusedAsync(gateway));
    }

    [Fact]
    public async Task Refusal_says_when_to_come_back()
    {
        await using var gateway = await StartAsync();
        _reading = new(QueuedWorkItems: 10_000, Memory: 0, GcPause: 0, Cpu: 0);
        Rise(6);
        using var refused = await gateway.Client.GetAsync("/pay", TestContext.Current.CancellationToken);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        Assert.Contains("\"code\":\"overloaded\"", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    // A connection that carries many requests must not be closed by one of them after all: with one request in ten drawn, busy ones all go at once.
    [Fact]
    public async Task Connection_that_was_not_drawn_stays_open()
    {
        await using var gateway = await StartAsync();
        Assert.Equal(0, await ClosedAsync(gateway));
        _reading = new(QueuedWorkItems: 10_000, Memory: 0, GcPause: 0, Cpu: 0);
        _time.Advance(HostLoad.Period);
        Rise(1);
        var first = 0;
        while (await IsClosedAsync(gateway))
        {
            Assert.InRange(++first, 0, 20);
        }

        Assert.Equal(0, await ClosedAsync(gateway));
    }

    [Fact]
    public async Task One_connection_in_ten_is_closed()
    {
        await using var gateway = await StartAsync();
        _reading = new(QueuedWorkItems: 10_000, Memory: 0, GcPause: 0, Cpu: 0);
        _time.Advance(HostLoad.Period);
        Rise(1);
        var drawn = 0;
        for (var i = 0; i < 200; i++)
        {
            using var connection = await RawConnection.ConnectAsync(gateway.Address);
            await connection.SendAsync("GET /browse HTTP/1.1\r\nHost: a\r\n\r\n");
            drawn += (await connection.ReadHeadAsync()).Contains("Connection: close", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        }

        // Twenty, by six deviations of a fair draw.
        Assert.InRange(drawn, 1, 46);
    }

    [Fact]
    public async Task Shadow_of_the_policy_refuses_nobody_and_closes_nothing()
    {
        await using var gateway = await StartAsync(new LoadSheddingPolicy { Mode = PolicyMode.Shadow });
        using var refusals = new CountedTags(gateway, "gatewaykit.policy.refusals");
        _reading = new(QueuedWorkItems: 10_000, Memory: 0, GcPause: 0, Cpu: 0);
        Rise(6);
        Assert.Equal(0, await ClosedAsync(gateway));
        Assert.Equal(40, refusals.Of("gatewaykit.outcome").Count(static outcome => outcome is "would-refuse"));
    }

    [Fact]
    public async Task Defaults_of_the_configuration_are_enough()
    {
        await using var gateway = await TestHost.GatewayAsync(
            """{ "Defaults": { "LoadShedding": {} }, "Routes": { "r": { "Match": { "Path": "/{**rest}" }, "Respond": { "Body": "hello" } } } }""", Watch);
        _reading = new(QueuedWorkItems: 10_000, Memory: 0, GcPause: 0, Cpu: 0);
        Rise(6);
        using var refused = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    [Fact]
    public async Task Setting_out_of_range_stops_the_start() =>
        await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.GatewayAsync(services: static builder => builder.AddLoadShedding(static options => options.MaxCpuPercent = 120)));

    private Task<TestHost> StartAsync(LoadSheddingPolicy? policy = null) => TestHost.GatewayAsync(
        services: builder =>
        {
            Watch(builder);
            builder.AddLoadShedding();
            builder.AddRoutes(
                Route("pay", [new GatewayKit.Resilience.Priorities.RequestPriorityPolicy { Class = PriorityClass.Critical }, .. policy is null ? [] : new[] { policy }]),
                Route("browse", policy is null ? [] : [policy]),
                Route("reports", [new GatewayKit.Resilience.Priorities.RequestPriorityPolicy { Class = PriorityClass.BestEffort }]),
                Route("off", [new LoadSheddingPolicy { Mode = PolicyMode.Off }]));
        },
        map: static app =>
        {
            app.MapGatewayRoutes();
            app.MapGet("/endpoint", static () => "hello").WithLoadShedding();
            app.MapGet("/health", static () => "well");
        });

    private static GatewayKit.Routing.GatewayRoute Route(string id, IReadOnlyList<IGatewayPolicy> policies) =>
        new() { Id = id, Match = new() { Path = $"/{id}" }, Respond = new() { Body = "hello" }, Policies = policies };

    private void Watch(GatewayBuilder builder)
    {
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.Replace(ServiceDescriptor.Singleton<HostSignals>(() => _reading));
    }

    private void Rise(int steps)
    {
        for (var i = 0; i < 2 * steps; i++)
        {
            _time.Advance(HostLoad.Period);
        }
    }

    private static async Task<IReadOnlyList<string>> RefusedAsync(TestHost gateway)
    {
        var refused = new List<string>();
        foreach (var path in Paths)
        {
            using var answer = await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
            if (answer.StatusCode is HttpStatusCode.ServiceUnavailable)
            {
                refused.Add(path);
            }
        }

        return refused;
    }

    private static async Task<int> ClosedAsync(TestHost gateway)
    {
        var closed = 0;
        for (var i = 0; i < 40; i++)
        {
            closed += await IsClosedAsync(gateway) ? 1 : 0;
        }

        return closed;
    }

    private static async Task<bool> IsClosedAsync(TestHost gateway)
    {
        using var answer = await gateway.Client.GetAsync("/browse", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer.Headers.ConnectionClose is true;
    }
}
