using System.Net.WebSockets;
using GatewayKit.ClientTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Standalone;

/// <summary>What SIGTERM does to WebSockets that are open.</summary>
public sealed class DrainTests
{
    private const int Sockets = 50;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Fifty_websockets_are_closed_with_1001_on_both_sides_and_the_process_ends_in_time(int version)
    {
        var closed = 0;
        await using var upstream = await Upstream.StartAsync(app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                await socket.SendAsync("ready"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                if ((await socket.ReceiveAsync(new byte[100], CancellationToken.None)).CloseStatus is WebSocketCloseStatus.EndpointUnavailable)
                {
                    Interlocked.Increment(ref closed);
                }

                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            });
        });
        await using var standalone = await StandaloneProcess.StartAsync(StandaloneProcess.ForwardAllTo(upstream.Address), [version == 1 ? "http" : "h2c"]);
        using var limit = new CancellationTokenSource(Limit);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        var address = new UriBuilder(standalone.Address) { Scheme = "ws" }.Uri;
        var sockets = await Task.WhenAll(Enumerable.Range(0, Sockets).Select(async _ =>
        {
            var socket = new ClientWebSocket();
            socket.Options.HttpVersion = new(version, version == 1 ? 1 : 0);
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            await socket.ConnectAsync(address, invoker, limit.Token);
            await socket.ReceiveAsync(new byte[100], limit.Token);
            return socket;
        }));

        await standalone.TellToStopAsync();
        await Task.WhenAll(sockets.Select(async socket =>
        {
            Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, (await socket.ReceiveAsync(new byte[100], limit.Token)).CloseStatus);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
            socket.Dispose();
        }));

        // Far below the 30 s that the host would wait for what is still open.
        using var inTime = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Assert.Equal(0, await standalone.ExitCodeAsync().WaitAsync(inTime.Token));
        Assert.Equal(Sockets, Volatile.Read(ref closed));
    }
}
