using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Lifecycle;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Whether a deadline that passes counts against the destination.</summary>
public sealed class DeadlineBlameTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]

    // What the gateway's own settings grant is fair, whichever of them is the shorter.
    [InlineData("\"Timeouts\": { \"Total\": \"00:00:03\" }", null, 0, null, CircuitState.Open)]
    [InlineData("\"Timeouts\": { \"Total\": \"00:00:10\" }", "00:00:03", 0, null, CircuitState.Open)]
    [InlineData("\"Timeouts\": { \"Total\": \"00:00:03\" }", "00:00:10", 0, null, CircuitState.Open)]

    // A caller may want an answer sooner than any destination can give one.
    [InlineData("\"Timeouts\": { \"Total\": \"00:00:10\" }", null, 0, "3000", CircuitState.Closed)]
    [InlineData("\"Timeouts\": { \"Total\": \"00:00:10\" }", "00:00:10", 0, "3000", CircuitState.Closed)]

    // What filters have used is not the destination's: it had one second of three, and two of three.
    [InlineData("\"Timeouts\": { \"Attempt\": \"00:00:10\" }", "00:00:03", 2, null, CircuitState.Closed)]
    [InlineData("\"Timeouts\": { \"Attempt\": \"00:00:10\" }", "00:00:03", 1, null, CircuitState.Open)]
    public async Task Silence_for_most_of_what_is_granted_is_a_failure(string cluster, string? route, int before, string? stated, CircuitState expected)
    {
        var asked = new SemaphoreSlim(0);
        using var log = new LogRecorder();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            asked.Release();
            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream.Address, cluster, route, before, log);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        if (stated is not null)
        {
            request.Headers.Add("X-GW-Deadline-Ms", stated);
        }

        var asking = gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(await asked.WaitAsync(RawConnection.Limit));
        Pass(TimeSpan.FromSeconds(3 - before));
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("deadline-exceeded", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(expected, CircuitOf(gateway));
        if (expected is CircuitState.Open)
        {
            var line = Assert.Single(log.Take(1430)).Message;
            Assert.Contains($"Circuit of destination a of cluster c at {upstream.Address}: Open for 00:0", line, StringComparison.Ordinal);
            Assert.Contains("failures-in-a-row (1 calls, 1 failures, the latest: deadline-exceeded)", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Answer_that_comes_little_by_little_is_no_silence()
    {
        await using var upstream = new EventSource("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n");
        await using var gateway = await StartAsync(upstream.Address, "\"Timeouts\": { \"Total\": \"00:00:03\" }", route: null, before: 0);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var destination = await upstream.AcceptedAsync();
        await destination.SendAsync("first");
        await client.ReadThroughAsync("first");
        Pass(TimeSpan.FromSeconds(2));
        await destination.SendAsync("later");
        await client.ReadThroughAsync("later");
        Pass(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain("0\r\n\r\n", await client.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(CircuitState.Closed, CircuitOf(gateway));
    }

    private static CircuitState CircuitOf(TestHost gateway) => gateway.App.Services.GetRequiredService<GatewayClusters>().Get("c").Destinations.Single().Health.Breaker;

    private Task<TestHost> StartAsync(Uri upstream, string cluster, string? route, int before, LogRecorder? log = null) => TestHost.GatewayAsync(
        $$"""
        {
          "Clusters": {
            "c": { "Destinations": { "a": { "Address": "{{upstream}}" } }, "CircuitBreaker": { "FailuresInARow": 1, "OpenFor": "00:01:00" }, {{cluster}} }
          },
          "Routes": { "r": { "Match": { "Path": "/{**rest}" }, "Cluster": "c"{{(route is null ? "" : $$""", "Timeout": { "Total": "{{route}}" }""")}} } }
        }
        """,
        gateway =>
        {
            gateway.Services.AddSingleton<TimeProvider>(_time);
            gateway.Services.AddLogging(logging => _ = log is null ? logging : logging.AddProvider(log));
            gateway.Services.Configure<GatewayOptions>(static options => options.TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")]);
        },
        app => app.MapGatewayRoutes().AddEndpointFilter((context, next) =>
        {
            Pass(TimeSpan.FromSeconds(before));
            return next(context);
        }));

    // In steps: what a process that stood still has waited for says nothing of the destination.
    private void Pass(TimeSpan time)
    {
        for (var step = TimeSpan.FromMilliseconds(250); time > TimeSpan.Zero; time -= step)
        {
            _time.Advance(step);
        }
    }
}
