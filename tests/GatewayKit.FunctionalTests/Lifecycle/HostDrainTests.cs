using System.Net;
using System.Net.Sockets;
using GatewayKit.FunctionalTests.Forwarding;
using GatewayKit.FunctionalTests.Hosting;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>What clients see of a host that stops.</summary>
public sealed class HostDrainTests
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task Readiness_fails_at_once_and_everything_is_served_on()
    {
        await using var upstream = RawUpstream.Answering(Answer);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address);
        foreach (var path in (string[])["/readyz", "/own", "/forwarded/x", "/nowhere"])
        {
            using var before = await gateway.Client.GetAsync(path);
            Assert.Equal(path is "/nowhere" ? HttpStatusCode.NotFound : HttpStatusCode.OK, before.StatusCode);
            Assert.Null(before.Headers.ConnectionClose);
        }

        var stopping = gateway.StopAsync();
        foreach (var (path, status) in ((string, HttpStatusCode)[])[("/readyz", HttpStatusCode.ServiceUnavailable), ("/own", HttpStatusCode.OK), ("/forwarded/x", HttpStatusCode.OK), ("/nowhere", HttpStatusCode.NotFound)])
        {
            // New connections too: balancers have not noticed yet.
            using var client = new HttpClient { BaseAddress = gateway.Address };
            using var answer = await client.GetAsync(path);
            Assert.Equal(status, answer.StatusCode);
            Assert.True(answer.Headers.ConnectionClose);
        }

        gateway.Time.Advance(StoppingGateway.Delay - TimeSpan.FromMilliseconds(1));
        Assert.False(stopping.IsCompleted);
        gateway.Time.Advance(TimeSpan.FromMilliseconds(1));
        await stopping.WaitAsync(RawConnection.Limit);
        await Assert.ThrowsAsync<SocketException>(() => RawConnection.ConnectAsync(gateway.Address));
    }

    [Theory]
    [InlineData("/forwarded/x")]
    [InlineData("/own")]
    [InlineData("/nowhere")]
    public async Task Request_after_the_delay_is_told_to_try_elsewhere(string path)
    {
        await using var upstream = RawUpstream.Answering(Answer);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address);
        gateway.TellToStop();
        gateway.Time.Advance(StoppingGateway.Delay);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503", answer);
        Assert.Contains("\r\nConnection: close\r\n", answer);
        Assert.Contains("\r\nRetry-After: 1\r\n", answer);
        Assert.Contains("\"code\":\"draining\"", answer);
        Assert.Empty(upstream.Heads);
    }

    /// <summary>It came before the drain began; only its answer can say that there is no next one.</summary>
    [Fact]
    public async Task Answer_to_a_request_of_before_closes_the_connection_too()
    {
        var arrived = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            arrived.SetResult();
            await answer.Task;
            await connection.SendAsync(Answer);
        });
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET /forwarded/x HTTP/1.1\r\nHost: a\r\n\r\n");
        await arrived.Task.WaitAsync(RawConnection.Limit);
        gateway.TellToStop();
        answer.SetResult();
        Assert.Contains("\r\nConnection: close\r\n", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Download_runs_to_its_end_and_the_host_waits_for_it()
    {
        var rest = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
            await rest.Task;
            await connection.SendAsync("half");
        });
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address);
        using var answer = await gateway.Client.GetAsync("/forwarded/x", HttpCompletionOption.ResponseHeadersRead);
        var stopping = gateway.StopAsync();
        gateway.Time.Advance(StoppingGateway.Delay);
        await RefusesConnectionsAsync(gateway.Address);
        Assert.False(stopping.IsCompleted);
        rest.SetResult();
        Assert.Equal("halfhalf", await answer.Content.ReadAsStringAsync());
        await stopping.WaitAsync(RawConnection.Limit);
    }

    /// <summary>The server aborts what runs when its time is over. That is nobody's doing but the host's.</summary>
    [Fact]
    public async Task Download_that_is_cut_at_the_end_is_not_the_clients_fault()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
            await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
        });
        var shutdown = TimeSpan.FromSeconds(2);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address, shutdown: shutdown, delay: TimeSpan.Zero);
        using var answer = await gateway.Client.GetAsync("/forwarded/x", HttpCompletionOption.ResponseHeadersRead);
        var stopping = gateway.StopAsync();
        gateway.Time.Advance(shutdown);
        await Assert.ThrowsAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync());
        Assert.Equal("draining", (await gateway.Observer.NextAsync()).Reason);
        await stopping.WaitAsync(RawConnection.Limit);
    }

    [Fact]
    public async Task Delay_that_is_longer_than_the_host_waits_ends_with_it()
    {
        await using var upstream = RawUpstream.Answering(Answer);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address, shutdown: TimeSpan.FromSeconds(1), delay: TimeSpan.FromMinutes(5));
        await gateway.StopAsync().WaitAsync(RawConnection.Limit);
        await RefusesConnectionsAsync(gateway.Address);
    }

    [Fact]
    public async Task Websocket_is_closed_with_1001_when_balancers_had_their_time()
    {
        await using var upstream = RawUpstream.Start(static async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Answer);
            await connection.AcceptAsync();
            await connection.ReadAsync(8);
            await connection.SendAsync(WebSocketScripts.GoingAway);
        });
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);

        // Opened while the host drains already: who is not sent elsewhere yet is served.
        await client.SendAsync("GET /forwarded/x HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.ReadAnswerAsync();
        gateway.TellToStop();
        await client.SendAsync(WebSocketScripts.Handshake().Replace("GET / ", "GET /forwarded/x ", StringComparison.Ordinal));
        var head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101", head);
        Assert.DoesNotContain("close", head, StringComparison.OrdinalIgnoreCase);
        gateway.Time.Advance(StoppingGateway.Delay);
        Assert.Equal(WebSocketScripts.GoingAway, await client.ReadAsync(4));
    }

    private static async Task RefusesConnectionsAsync(Uri address)
    {
        for (var attempt = 0; attempt < 1_000; attempt++)
        {
            try
            {
                (await RawConnection.ConnectAsync(address)).Dispose();
                await Task.Delay(10);
            }
            catch (SocketException)
            {
                return;
            }
        }

        Assert.Fail("The server still listens.");
    }
}
