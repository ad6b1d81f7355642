using System.Net;
using GatewayKit.FunctionalTests.Forwarding;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>What the server and the handler make of the end of one side of a tunnel. If one of these changes, more half-closes can be passed on.</summary>
public sealed class UpgradeFacts
{
    /// <summary>The request counts as aborted, but what came before can be read to its end.</summary>
    [Fact]
    public async Task Server_aborts_the_request_when_an_upgraded_client_ends_and_keeps_its_bytes()
    {
        var seen = new TaskCompletionSource<(int, int)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await Upstream.StartAsync(async context =>
        {
            var stream = await UpgradeAsync(context);
            var aborted = new TaskCompletionSource();
            await using var registration = context.RequestAborted.Register(aborted.SetResult);
            await aborted.Task.WaitAsync(RawConnection.Limit);
            var buffer = new byte[10];
            seen.SetResult((await stream.ReadAsync(buffer), await stream.ReadAsync(buffer)));
        });
        using var client = await OpenAsync(server.Address);
        await client.SendAsync("hello");
        client.ShutdownSend();
        Assert.Equal((5, 0), await seen.Task.WaitAsync(RawConnection.Limit));
    }

    [Fact]
    public async Task Server_cannot_end_its_side_of_an_upgraded_connection_alone()
    {
        var completed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await Upstream.StartAsync(async context =>
        {
            var stream = await UpgradeAsync(context);
            await context.Response.CompleteAsync();
            completed.TrySetResult();
            await stream.ReadExactlyAsync(new byte[1]);
        });
        using var client = await OpenAsync(server.Address);
        await completed.Task.WaitAsync(RawConnection.Limit);
        var end = client.ReadToEndAsync();

        // A whole exchange later nothing has arrived.
        using var other = await OpenAsync(server.Address);
        Assert.False(end.IsCompleted);
        await client.SendAsync("x");
        await other.SendAsync("x");
        Assert.Empty(await end);
    }

    [Fact]
    public async Task Server_can_end_its_side_of_a_stream_alone()
    {
        var read = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await Upstream.StartAsync(
            async context =>
            {
                var stream = await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
                await context.Response.CompleteAsync();
                read.SetResult(await stream.ReadAsync(new byte[10]));
            },
            HttpProtocols.Http2);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var answer = await invoker.SendAsync(ExtendedConnect(server.Address), CancellationToken.None);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        Assert.Equal(0, await stream.ReadAsync(new byte[10]));
        await stream.WriteAsync("after"u8.ToArray());
        await stream.FlushAsync();
        Assert.Equal(5, await read.Task.WaitAsync(RawConnection.Limit));
    }

    [Fact]
    public async Task Handler_closes_an_upgraded_connection_that_the_server_has_ended()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            connection.ShutdownSend();
            await connection.ReadToEndAsync();
        });
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, upstream.Address);
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        using var answer = await invoker.SendAsync(request, CancellationToken.None);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        Assert.Equal(0, await stream.ReadAsync(new byte[10]));
        await Assert.ThrowsAsync<IOException>(async () => await stream.WriteAsync("after"u8.ToArray()));
    }

    /// <summary>With it, the end of the content could have ended the sending side.</summary>
    [Fact]
    public async Task Handler_sends_no_content_with_an_extended_connect()
    {
        await using var server = await Upstream.StartAsync(
            static async context =>
            {
                var stream = await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
                var first = new byte[10];
                var read = await stream.ReadAsync(first);
                await stream.WriteAsync(first.AsMemory(0, read));
            },
            HttpProtocols.Http2);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var request = ExtendedConnect(server.Address);
        request.Content = new ByteArrayContent("content"u8.ToArray());
        using var answer = await invoker.SendAsync(request, CancellationToken.None);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        await stream.WriteAsync("stream"u8.ToArray());
        await stream.FlushAsync();
        var echoed = new byte[6];
        await stream.ReadExactlyAsync(echoed);
        Assert.Equal("stream"u8, echoed);
    }

    private static Task<Stream> UpgradeAsync(HttpContext context) => context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();

    private static Task<RawConnection> OpenAsync(Uri server) => WebSocketScripts.OpenAsync(server);

    private static HttpRequestMessage ExtendedConnect(Uri address)
    {
        var message = new HttpRequestMessage(HttpMethod.Connect, address) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.Protocol = "websocket";
        return message;
    }
}
