using System.Globalization;
using System.Net;
using System.Net.Sockets;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Responses;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>Connections to destinations: how they are made, shared, waited for, and never used twice for the same thing.</summary>
public sealed class ConnectionTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// <summary>A reused connection closes after it has taken a request: the handler would send it again (dotnet/runtime#86714).</summary>
    [Theory]
    [Trait("Fault", "U6")]
    [InlineData("POST", "")]
    [InlineData("POST", "Content-Length: 0\r\n")]
    [InlineData("POST", "Content-Length: 3\r\n")]
    [InlineData("PATCH", "")]
    [InlineData("PURGE", "")]
    public async Task Request_that_may_not_be_repeated_reaches_destinations_once(string method, string fields)
    {
        await using var upstream = ScriptedUpstream.Start(static async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Ok);
            await connection.ReadRequestAsync();

            // No answer to the second one.
        });
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await client.GetAsync("/first")).Status);
            await client.SendAsync($"{method} /once/{i} HTTP/1.1\r\nHost: a\r\n{fields}\r\n{(fields.Contains('3', StringComparison.Ordinal) ? "abc" : null)}");
            var answer = await client.ReadAsync();
            Assert.Equal(502, answer.Status);
            Assert.Contains("upstream-reset", answer.Body, StringComparison.Ordinal);
        }

        var sent = upstream.Requests.Where(static request => request.Target.StartsWith("/once", StringComparison.Ordinal)).Select(static request => request.Target);
        Assert.Equal(Enumerable.Range(0, 5).Select(static i => $"/once/{i}"), sent);
    }

    [Fact]
    public async Task Idle_connection_that_was_closed_meanwhile_costs_no_request()
    {
        var closed = new SemaphoreSlim(0);
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Ok);
            connection.Dispose();
            closed.Release();
        });
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await client.GetAsync($"/{i}")).Status);
            Assert.True(await closed.WaitAsync(ScriptedUpstream.Limit));
        }

        Assert.Equal(10, upstream.ConnectionCount);
    }

    [Fact]
    [Trait("Fault", "U19")]
    public async Task Change_of_a_name_is_seen_when_a_connection_has_lived_its_time()
    {
        await using var old = ScriptedUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
        await using var other = ScriptedUpstreamAt(IPAddress.Parse("127.0.0.2"), old.Port);
        var addresses = IPAddress.Loopback;
        await using var gateway = await RecordingGateway.StartAsync(
            new($"http://orders.test:{old.Port}"),
            static cluster => cluster with { Http = new() { ConnectionLifetime = TimeSpan.FromMilliseconds(1) } },
            gateway => gateway.Services.AddSingleton(new NameLookup(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([addresses]))));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        Assert.Equal("old", (await client.GetAsync("/")).Body);
        addresses = IPAddress.Parse("127.0.0.2");

        // A connection that is older than its lifetime is not used again; how soon that is, is the clock's.
        string body;
        do
        {
            body = (await client.GetAsync("/")).Body;
        }
        while (body == "old");
        Assert.Equal("new", body);
    }

    [Fact]
    public async Task Name_that_leads_to_the_credentials_of_the_machine_leads_nowhere()
    {
        await using var gateway = await RecordingGateway.StartAsync(
            new("http://rebound.test"),
            gateway: static gateway => gateway.Services.AddSingleton(new NameLookup(TimeProvider.System, static (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254")]))));
        await AssertRefusedAsync(gateway, 502, "upstream-connect", ForwardError.UpstreamAddressDenied);
    }

    [Fact]
    public async Task Name_that_is_not_found_is_a_bad_gateway()
    {
        await using var gateway = await RecordingGateway.StartAsync(
            new("http://nowhere.test"),
            gateway: static gateway => gateway.Services.AddSingleton(new NameLookup(TimeProvider.System, static (_, _) => Task.FromResult<IPAddress[]>([]))));
        await AssertRefusedAsync(gateway, 502, "upstream-connect", ForwardError.UpstreamResolveFailed);
    }

    [Fact]
    public async Task Slow_name_is_a_connect_timeout()
    {
        await using var gateway = await RecordingGateway.StartAsync(
            new("http://slow.test"),
            static cluster => cluster with { Timeouts = new() { Connect = TimeSpan.FromMilliseconds(50) } },
            static gateway => gateway.Services.AddSingleton(new NameLookup(TimeProvider.System, static async (_, cancellationToken) =>
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return [];
            })));
        await AssertRefusedAsync(gateway, 504, "upstream-timeout", ForwardError.UpstreamConnectTimeout);
    }

    [Fact]
    public async Task Request_without_a_free_connection_waits_and_is_then_told_that_there_is_none()
    {
        var time = new FakeTimeProvider();
        var release = new TaskCompletionSource();
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            while (true)
            {
                await connection.ReadRequestAsync();
                await release.Task;
                await connection.SendAsync(Ok);
            }
        });
        await using var gateway = await RecordingGateway.StartAsync(
            upstream.Address,
            static cluster => cluster with { Http = new() { MaxConnections = 2 }, Timeouts = new() { PoolWait = TimeSpan.FromSeconds(3) } },
            gateway => gateway.Services.AddSingleton<TimeProvider>(time));
        var holding = new[] { await SendAsync(gateway, "/1"), await SendAsync(gateway, "/2") };
        await upstream.NextRequestAsync();
        await upstream.NextRequestAsync();
        using var refused = await SendAsync(gateway, "/3");
        WaitFor(gateway, 1);
        time.Advance(TimeSpan.FromSeconds(3));
        var refusal = await refused.ReadAsync();
        Assert.Equal(503, refusal.Status);
        Assert.Contains("\"code\":\"overloaded\"", refusal.Body, StringComparison.Ordinal);
        Assert.InRange(int.Parse(Assert.Single(refusal["Retry-After"]), CultureInfo.InvariantCulture), 1, 5);
        Assert.Equal(new ForwardOutcome(ForwardError.Overloaded, ForwardPhase.Waiting, 0, 0), (await gateway.Records.NextAsync()).Outcome);

        // One that waits when a connection comes free gets it; one that goes away is nobody's fault and leaves its place.
        using var served = await SendAsync(gateway, "/4");
        WaitFor(gateway, 1);
        var gone = await SendAsync(gateway, "/5");
        WaitFor(gateway, 2);
        gone.Reset();
        Assert.Equal(ForwardError.ClientAborted, (await gateway.Records.NextAsync()).Outcome?.Error);
        release.SetResult();
        Assert.Equal(200, (await served.ReadAsync()).Status);
        foreach (var client in holding)
        {
            Assert.Equal(200, (await client.ReadAsync()).Status);
            client.Dispose();
        }

        gateway.MustBecomeQuiet();
        Assert.Equal(2, upstream.ConnectionCount);
        Assert.DoesNotContain("/5", upstream.Requests.Select(static request => request.Target));
    }

    [Fact]
    public async Task Destination_that_fails_all_the_time_is_warned_of_once_in_a_while()
    {
        var time = new FakeTimeProvider();
        await using var upstream = ScriptedUpstream.Start(static async connection => await connection.ReadRequestAsync());
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address, gateway: gateway => gateway.Services.AddSingleton<TimeProvider>(time));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(502, (await client.GetAsync("/")).Status);
        }

        Assert.Single(Warnings());
        for (var step = TimeSpan.FromMilliseconds(250); time.GetUtcNow() - time.Start < WarningPace.Quiet;)
        {
            // One long jump would be a process that stood still, which is warned of too.
            time.Advance(step);
        }

        Assert.Equal(502, (await client.GetAsync("/")).Status);
        Assert.Equal(3, Warnings().Length);
        Assert.Contains("19 times more by UpstreamReset", Warnings()[^1].Text, StringComparison.Ordinal);

        RecordingGateway.Line[] Warnings() => [.. gateway.Records.Lines.Where(static line => line.Level == LogLevel.Warning)];
    }

    [Fact]
    public async Task Words_of_a_destination_cannot_break_a_line_of_the_log()
    {
        await using var upstream = ScriptedUpstream.Start(static async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nX\u001b[31m\rFORGED A: 1\r\n\r\n");
        });
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        Assert.Equal(502, (await client.GetAsync("/")).Status);
        var line = Assert.Single(gateway.Records.Lines, static line => line.Level == LogLevel.Warning);
        Assert.DoesNotContain(line.Text, static c => char.IsControl(c));
    }

    private static ScriptedUpstream ScriptedUpstreamAt(IPAddress address, int port) => ScriptedUpstream.Start(
        static async connection =>
        {
            while (true)
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew");
            }
        },
        port,
        address);

    private static async Task<AnswerReader> SendAsync(RecordingGateway gateway, string target)
    {
        var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        return client;
    }

    private static void WaitFor(RecordingGateway gateway, int waiting)
    {
        var destination = gateway.Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations.Single();
        Assert.True(SpinWait.SpinUntil(() => destination.Use.Queue.Waiting == waiting, ScriptedUpstream.Limit), $"{destination.Use.Queue.Waiting} requests wait.");
    }

    private static async Task AssertRefusedAsync(RecordingGateway gateway, int status, string code, ForwardError error)
    {
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        Assert.Equal(status, answer.Status);
        Assert.Contains($"\"code\":\"{code}\"", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(".test", answer.Body, StringComparison.Ordinal);
        var ended = await gateway.Records.NextAsync();
        Assert.Equal((status, (ForwardError?)error), (ended.Status, ended.Outcome?.Error));
    }
}
