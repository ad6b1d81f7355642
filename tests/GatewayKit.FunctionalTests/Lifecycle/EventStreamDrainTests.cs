using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>What becomes of event streams when the host stops.</summary>
public sealed class EventStreamDrainTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n";

    [Theory]
    [InlineData("")]
    [InlineData("TE: trailers\r\n")]
    public async Task Stream_that_waits_ends_cleanly_and_frees_the_destination(string fields)
    {
        await using var upstream = new EventSource(Head);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET /forwarded/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        var destination = await upstream.AcceptedAsync();
        await destination.SendAsync(Chunk("data: 1\n\n"));
        Assert.Contains("data: 1\n\n", await client.ReadThroughAsync("\n\n"));

        // Not before balancers had their time: a client that comes back is to come elsewhere.
        var stopping = gateway.StopAsync();
        await destination.SendAsync(Chunk("data: 2\n\n"));
        Assert.Contains("data: 2\n\n", await client.ReadThroughAsync("\n\n"));
        gateway.Time.Advance(StoppingGateway.Delay);
        Assert.Equal("\r\n0\r\n\r\n", await client.ReadToEndAsync());
        Assert.Equal((null, null), await gateway.Observer.NextAsync());
        Assert.Empty(await destination.ReadToEndAsync());
        await stopping.WaitAsync(RawConnection.Limit);
    }

    [Fact]
    public async Task Event_under_way_arrives_whole()
    {
        await using var upstream = new EventSource(Head);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address);
        using var answer = await gateway.Client.GetAsync("/forwarded/x", HttpCompletionOption.ResponseHeadersRead);
        var destination = await upstream.AcceptedAsync();
        await destination.SendAsync(Chunk("data: 1\n\ndata: 2"));
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("data: 1", await events.ReadLineAsync());
        var stopping = gateway.StopAsync();
        gateway.Time.Advance(StoppingGateway.Delay);
        await destination.SendAsync(Chunk("2\n\ndata: 3"));
        Assert.Equal("\ndata: 22\n\n", await events.ReadToEndAsync());
        await stopping.WaitAsync(RawConnection.Limit);
    }

    [Fact]
    public async Task Stream_over_http2_ends_as_if_it_were_complete()
    {
        await using var upstream = new EventSource(Head);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address, HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/forwarded/x") { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var destination = await upstream.AcceptedAsync();
        await destination.SendAsync(Chunk("id: 1\ndata: 1\n\n"));
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("id: 1", await events.ReadLineAsync());
        var stopping = gateway.StopAsync();
        gateway.Time.Advance(StoppingGateway.Delay);
        Assert.Equal("data: 1\n\n", await events.ReadToEndAsync());
        await stopping.WaitAsync(RawConnection.Limit);
    }

    /// <summary>An event that does not end would hold the host for ever, and a clean end in its middle would look whole.</summary>
    [Fact]
    public async Task Event_that_does_not_end_is_cut_visibly()
    {
        await using var upstream = new EventSource(Head);
        var shutdown = TimeSpan.FromSeconds(10);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address, shutdown: shutdown, delay: TimeSpan.Zero);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET /forwarded/x HTTP/1.1\r\nHost: a\r\n\r\n");
        var destination = await upstream.AcceptedAsync();
        await destination.SendAsync(Chunk("data: 1"));
        await client.ReadThroughAsync("data: 1");
        var stopping = gateway.StopAsync();
        gateway.Time.Advance(shutdown - TimeSpan.FromSeconds(1));
        Assert.DoesNotContain("0\r\n\r\n", await client.ReadToEndAsync());
        Assert.Equal("draining", (await gateway.Observer.NextAsync()).Reason);
        await stopping.WaitAsync(RawConnection.Limit);
    }

    /// <summary>Their end cannot be seen, so they are not held up for it: a stream of plain text is a download.</summary>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked\r\n")]
    public async Task Other_answers_run_to_their_end(string head)
    {
        await using var upstream = new EventSource(head);
        await using var gateway = await StoppingGateway.StartAsync(upstream.Address, delay: TimeSpan.Zero);
        using var answer = await gateway.Client.GetAsync("/forwarded/x", HttpCompletionOption.ResponseHeadersRead);
        var destination = await upstream.AcceptedAsync();
        await destination.SendAsync(Chunk("data: 1\n\n"));
        using var body = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("data: 1", await body.ReadLineAsync());
        var stopping = gateway.StopAsync();
        await destination.SendAsync(Chunk("data: 2\n\n") + "0\r\n\r\n");
        Assert.Equal("\ndata: 2\n\n", await body.ReadToEndAsync());
        await stopping.WaitAsync(RawConnection.Limit);
    }

    private static string Chunk(string text) => $"{text.Length:X}\r\n{text}\r\n";
}
