using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Clusters.Health;

/// <summary>Health checks over real connections.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private static readonly ActiveHealth Checks = new() { Path = "/health", Interval = TimeSpan.FromMilliseconds(100), IdleInterval = TimeSpan.FromMilliseconds(100) };

    private readonly Answering _a = new("a"), _b = new("b");
    private TestHost _hostA = null!, _hostB = null!;

    public async ValueTask InitializeAsync() => (_hostA, _hostB) = (await Upstream.StartAsync(_a.AnswerAsync), await Upstream.StartAsync(_b.AnswerAsync));

    public async ValueTask DisposeAsync()
    {
        await _hostA.DisposeAsync();
        await _hostB.DisposeAsync();
    }

    [Fact]
    public async Task Destination_that_fails_its_checks_is_out_until_it_passes_them()
    {
        await using var gateway = await GatewayAsync(new() { Active = Checks });
        await Until(() => Active(gateway, "a") is HealthState.Healthy);
        _a.Status = 503;
        await Until(() => Active(gateway, "a") is HealthState.Unhealthy);
        Assert.All(await AskAsync(gateway, 20), static answer => Assert.Equal("b", answer));
        _a.Status = 200;
        await Until(() => Active(gateway, "a") is HealthState.Healthy);
        Assert.Contains("a", await AskAsync(gateway, 40));
    }

    [Fact]
    public async Task Checks_that_all_fail_are_not_believed()
    {
        (_a.Status, _b.Status) = (503, 503);
        await using var gateway = await GatewayAsync(new() { Active = Checks });
        await Until(() => Active(gateway, "a") is HealthState.Unhealthy && Active(gateway, "b") is HealthState.Unhealthy);
        Assert.True(Clusters(gateway).Get("up").IsPanic);
        Assert.Equal(["a", "b"], (await AskAsync(gateway, 40)).Distinct().Order());
    }

    [Fact]
    public async Task Checks_that_all_fail_are_answered_503_where_there_is_no_panic()
    {
        (_a.Status, _b.Status) = (503, 503);
        await using var gateway = await GatewayAsync(new() { Active = Checks, PanicThreshold = 0 });
        await Until(() => Active(gateway, "a") is HealthState.Unhealthy && Active(gateway, "b") is HealthState.Unhealthy);
        using var answer = await gateway.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("no-healthy-upstream", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_are_refused_before_the_first_check_where_that_is_required()
    {
        (_a.Gate, _b.Gate) = (new(), new());
        await using var gateway = await GatewayAsync(new() { Active = Checks with { Timeout = TimeSpan.FromSeconds(30) }, RequireFirstProbe = true });
        using (var refused = await gateway.Client.GetAsync("/"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        _b.Gate.SetResult();
        await Until(() => Active(gateway, "b") is HealthState.Healthy);
        Assert.All(await AskAsync(gateway, 10), static answer => Assert.Equal("b", answer));
        _a.Gate.SetResult();
    }

    [Fact]
    public async Task Destinations_are_isolated_and_closed_by_the_host()
    {
        await using var gateway = await GatewayAsync(new());
        Clusters(gateway).Isolate("up", "a");
        Assert.All(await AskAsync(gateway, 20), static answer => Assert.Equal("b", answer));
        Clusters(gateway).Isolate("up", "b");
        using (var refused = await gateway.Client.GetAsync("/"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Contains("no-healthy-upstream", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Clusters(gateway).Close("up", "a");
        Assert.All(await AskAsync(gateway, 20), static answer => Assert.Equal("a", answer));
    }

    [Fact]
    public async Task Check_reads_four_kilobytes_follows_nothing_and_says_who_asks()
    {
        string? agent = null;
        await using var endless = await Upstream.StartAsync(async context =>
        {
            agent = context.Request.Headers.UserAgent;
            context.Response.StatusCode = context.Request.Path == "/health" ? 302 : 200;
            context.Response.Headers.Location = "/elsewhere";
            try
            {
                while (true)
                {
                    await context.Response.Body.WriteAsync(new byte[65_536], context.RequestAborted);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                _a.Gone.TrySetResult();
            }
        });
        await using var gateway = await GatewayAsync(new() { Active = Checks with { UnhealthyAfter = 1 } }, endless.Address);
        await Until(() => Active(gateway, "a") is HealthState.Unhealthy);

        // The rest is not read, not even to use the connection again.
        await _a.Gone.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("GatewayKit-HealthCheck", agent);
        Assert.Equal("health-check-bad-answer", Clusters(gateway).Get("up").Destinations[0].Health.Reason);
    }

    [Theory]
    [InlineData("orders", 1, HealthState.Healthy)]
    [InlineData("orders", 2, HealthState.Unhealthy)]
    [InlineData("", 1, HealthState.Unhealthy)]
    public async Task Service_of_grpc_is_asked_by_its_own_protocol(string service, byte status, HealthState expected)
    {
        await using var upstream = await Upstream.StartAsync(
            async context =>
            {
                var question = new MemoryStream();
                await context.Request.Body.CopyToAsync(question);

                // HealthCheckRequest { service: "orders" }, in its frame.
                var isKnown = context.Request.Path == "/grpc.health.v1.Health/Check" && question.ToArray().AsSpan().SequenceEqual((byte[])[0, 0, 0, 0, 8, 0x0A, 6, .. "orders"u8]);
                context.Response.ContentType = "application/grpc";
                if (isKnown)
                {
                    await context.Response.Body.WriteAsync((byte[])[0, 0, 0, 0, 2, 0x08, status]);
                }

                context.Response.AppendTrailer("grpc-status", isKnown ? "0" : "5");
            },
            HttpProtocols.Http2);
        await using var gateway = await GatewayAsync(
            new() { Active = Checks with { Kind = ProbeKind.Grpc, Path = null, GrpcService = service, UnhealthyAfter = 1 } },
            upstream.Address,
            static cluster => cluster with { Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact } });
        await Until(() => Active(gateway, "a") is not HealthState.Unknown);
        Assert.Equal(expected, Active(gateway, "a"));
    }

    [Fact]
    public async Task Checks_end_when_the_host_begins_to_stop()
    {
        var gateway = await GatewayAsync(new() { Active = Checks });
        var probes = gateway.App.Services.GetRequiredService<HealthProbes>();
        Assert.Equal(2, probes.Count);
        await gateway.DisposeAsync();
        Assert.Equal(0, probes.Count);
    }

    private static GatewayClusters Clusters(TestHost gateway) => gateway.App.Services.GetRequiredService<GatewayClusters>();

    private static HealthState Active(TestHost gateway, string destination) => Clusters(gateway).Get("up").Destinations.Single(one => one.Id == destination).Health.Active;

    private static async Task<string[]> AskAsync(TestHost gateway, int count)
    {
        var answers = new string[count];
        for (var i = 0; i < count; i++)
        {
            answers[i] = await gateway.Client.GetStringAsync("/");
        }

        return answers;
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var start = TimeProvider.System.GetTimestamp(); !condition();)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "Never came.");
            await Task.Delay(20);
        }
    }

    private Task<TestHost> GatewayAsync(ClusterHealth health) => GatewayAsync(
        health,
        _hostA.Address,
        cluster => cluster with { Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = _hostA.Address }, ["b"] = new() { Address = _hostB.Address } } });

    private static Task<TestHost> GatewayAsync(ClusterHealth health, Uri address, Func<Cluster, Cluster>? change = null) =>
        Upstream.GatewayToAsync(address, cluster => (change ?? (static same => same))(cluster with { Health = health }));

    private sealed class Answering(string name)
    {
        public volatile int Status = 200;

        public TaskCompletionSource? Gate { get; set; }

        public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task AnswerAsync(HttpContext context)
        {
            if (context.Request.Path != "/health")
            {
                await context.Response.WriteAsync(name);
                return;
            }

            if (Gate is { } gate)
            {
                await gate.Task.WaitAsync(context.RequestAborted);
            }

            context.Response.StatusCode = Status;
        }
    }
}
