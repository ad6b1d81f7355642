using System.Net.WebSockets;
using GatewayKit.ClientTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Node;

/// <summary>The client of npm's <c>ws</c> → Standalone → a WebSocket service.</summary>
public sealed class WebSocketTests
{
    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task Messages_subprotocol_and_close_code_go_both_ways(string scheme)
    {
        var closed = new TaskCompletionSource<(int?, string?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await Upstream.StartAsync(app =>
        {
            app.UseWebSockets();
            app.Map("/echo", (HttpContext context) => EchoAsync(context, closed));
        });
        using var folder = new TemporaryFolder();
        var certificate = TestCertificate.Write(folder);
        await using var standalone = await StandaloneProcess.StartAsync(
            StandaloneProcess.ForwardAllTo(upstream.Address), [scheme], "--certificate", certificate.File, "--certificate-key", certificate.KeyFile);
        var address = new UriBuilder(standalone.Address) { Scheme = scheme.Replace("http", "ws", StringComparison.Ordinal), Path = "/echo" }.Uri;

        var lines = await NodeClient.RunAsync("ws.mjs", address.ToString(), certificate.File);

        Assert.Equal(
            ["""{"protocol":"chat.v1"}""", """{"text":"grüße"}""", """{"binary":1048576,"same":true}""", """{"code":4001,"reason":"enough"}"""],
            lines);
        Assert.Equal((4001, "enough"), await closed.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static async Task EchoAsync(HttpContext context, TaskCompletionSource<(int?, string?)> closed)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync("chat.v1");
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (received.MessageType is WebSocketMessageType.Close)
            {
                closed.SetResult(((int?)socket.CloseStatus, socket.CloseStatusDescription));
                await socket.CloseAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }
}
