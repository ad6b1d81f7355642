using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Hosting;
using GatewayKit.WireTests.Http2;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GatewayKit.WireTests.Lifecycle;

/// <summary>How a host that stops lets go of connections, byte by byte.</summary>
public sealed class FarewellTests
{
    public static TheoryData<string> Paths => ["/forwarded", "/own"];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Goaway_comes_with_the_next_answer_and_open_streams_go_on(string path)
    {
        var slow = new TaskCompletionSource<string>();
        await using var upstream = new EchoUpstream();
        await using var gateway = await StartAsync(upstream, HttpProtocols.Http2, slow.Task);
        using var client = await Http2Client.ConnectAsync(gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Get("/slow"), end: true));
        await client.AskAsync(3, Http2Client.Get(path));
        Assert.Null(client.Received.GoAway);
        gateway.TellToStop();
        var answer = await client.AskAsync(5, Http2Client.Get(path));
        Assert.Equal(200, answer.Status);

        // Connection: close is a field of HTTP/1.1 (RFC 9113 §8.2.2).
        Assert.Null(answer["connection"]);
        while (client.Received.GoAway is null)
        {
            await client.Received.ReadAsync();
        }

        Assert.Equal(ErrorCode.NoError, client.Received.GoAway.Code);
        Assert.False(client.Received[1].IsOver);
        slow.SetResult("slow");
        Assert.Equal("slow", (await client.TakeAnswerAsync(1)).Data);

        // Nothing is open any more: the server ends the connection, and names the last stream that it took.
        Assert.Equal(ErrorCode.NoError, await client.TakeEndAsync());
        Assert.Equal(5u, Frame.NumberAt(client.Received.GoAway.Payload, 0));
    }

    /// <summary>A client cannot know of a GOAWAY that is on its way: what it sends meanwhile is served or may be sent again, and is never lost.</summary>
    [Fact]
    public async Task Stream_that_crosses_the_goaway_is_served()
    {
        await using var upstream = new EchoUpstream();
        await using var gateway = await StartAsync(upstream, HttpProtocols.Http2, Task.FromResult("slow"));
        using var client = await Http2Client.ConnectAsync(gateway);
        gateway.TellToStop();
        await client.SendAsync(Frames.Headers(1, Http2Client.Get("/forwarded"), end: true) + Frames.Headers(3, Http2Client.Get("/forwarded"), end: true));
        Assert.Equal(200, (await client.TakeAnswerAsync(1)).Status);
        var second = await client.TakeAnswerAsync(3);
        Assert.True(second.ResetCode is ErrorCode.RefusedStream || second.Status == 200, second.ToString());
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Connection_of_http1_closes_behind_the_next_answer(string path)
    {
        await using var upstream = new EchoUpstream();
        await using var gateway = await StartAsync(upstream, HttpProtocols.Http1, Task.FromResult("slow"));
        using var client = await ScriptedClient.ConnectAsync(gateway);
        var request = $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n";
        await client.SendAsync(request);
        Assert.Empty((await client.TakeAnswerAsync()).Field("Connection"));
        gateway.TellToStop();

        // An idle connection is left alone: its next request may be on its way.
        await client.SendAsync(request);
        Assert.Equal(["close"], (await client.TakeAnswerAsync()).Field("Connection"));
        await client.ExpectClosedAsync();
        Assert.False(client.WasReset);
    }

    private static Task<WireGateway> StartAsync(EchoUpstream upstream, HttpProtocols protocols, Task<string> slow) => WireGateway.StartAsync(
        upstream.Address,
        protocols: protocols,
        map: app =>
        {
            app.MapGet("/slow", () => slow);
            app.MapGet("/own", static () => "own");
        },
        build: static builder =>
        {
            builder.Services.Configure<GatewayOptions>(static options => options.DrainDelay = TimeSpan.FromMinutes(5));
            builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(500));
        });
}
