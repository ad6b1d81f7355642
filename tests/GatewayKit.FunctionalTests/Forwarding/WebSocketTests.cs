using System.Net.WebSockets;
using System.Text;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding;

public sealed class WebSocketTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    public async Task Messages_cross_between_versions(int client, int destination)
    {
        await using var upstream = await EchoAsync(destination);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Speaking(destination), protocols: ProtocolOf(client));
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new Version(client, client == 1 ? 1 : 0);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.AddSubProtocol("chat");
        using var limit = new CancellationTokenSource(RawConnection.Limit);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await socket.ConnectAsync(new UriBuilder(gateway.Address) { Scheme = "ws", Path = "/x" }.Uri, invoker, limit.Token);
        Assert.Equal("chat", socket.SubProtocol);
        foreach (var text in new[] { "one", new string('x', 100_000), "three" })
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
            Assert.Equal(text, await ReceiveAsync(socket, limit.Token));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", limit.Token);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Answer_that_opens_no_tunnel_is_an_ordinary_one(int destination)
    {
        await using var upstream = await Upstream.StartAsync(
            context =>
            {
                context.Response.StatusCode = 403;
                return context.Response.WriteAsync("no");
            },
            ProtocolOf(destination));
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Speaking(destination));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake());
        var answer = await client.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 403", answer);
        Assert.Contains("no", answer);
    }

    [Fact]
    public async Task Bytes_behind_either_head_are_delivered()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            var head = await connection.ReadHeadAsync();
            var key = System.Text.RegularExpressions.Regex.Match(head, "(?i)sec-websocket-key: *(\\S+)").Groups[1].Value;
            await connection.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {AcceptOf(key)}\r\n\r\nfrom upstream");
            Assert.Equal("from client", await connection.ReadAsync(11));
            await connection.SendAsync("done");
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake() + "from client");
        Assert.StartsWith("HTTP/1.1 101", await client.ReadHeadAsync());
        Assert.Equal("from upstreamdone", await client.ReadAsync(17));
    }

    [Theory]
    [InlineData("Sec-WebSocket-Accept: d3Jvbmc=\r\n")]
    [InlineData("")]
    public async Task Wrong_accept_is_a_bad_gateway(string accept)
    {
        await using var upstream = RawUpstream.Answering($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{accept}\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake());
        Assert.StartsWith("HTTP/1.1 502", await client.ReadHeadAsync());
    }

    [Theory]
    [InlineData("Sec-WebSocket-Key: short\r\n")]
    [InlineData("")]
    public async Task Handshake_without_a_valid_key_is_refused(string key)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n");
        Assert.StartsWith("HTTP/1.1 400", await client.ReadHeadAsync());
        Assert.Empty(upstream.Heads);
    }

    [Fact]
    public async Task Upgrade_with_a_body_is_refused()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake("Content-Length: 5\r\n") + "hello");
        Assert.StartsWith("HTTP/1.1 400", await client.ReadHeadAsync());
        Assert.Empty(upstream.Heads);
    }

    [Theory]
    [InlineData("h2c")]
    [InlineData("foo")]
    [InlineData("websocket, foo")]
    public async Task Other_upgrades_are_plain_requests(string protocol)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n");
        Assert.EndsWith("ok", await client.ReadAnswerAsync());
        Assert.DoesNotContain("Upgrade", upstream.Heads.Single());
    }

    /// <summary>Any 2xx opens the tunnel of a client that connects by HTTP/2: a plain answer's body would be read as frames.</summary>
    [Fact]
    public async Task Plain_success_is_no_tunnel_to_a_client_of_http2()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("frames?"));
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Speaking(1), protocols: HttpProtocols.Http2);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new Version(2, 0);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        using var limit = new CancellationTokenSource(RawConnection.Limit);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new UriBuilder(gateway.Address) { Scheme = "ws" }.Uri, invoker, limit.Token));
        Assert.Equal(System.Net.HttpStatusCode.BadGateway, socket.HttpStatusCode);
    }

    [Fact]
    public async Task Upgrade_that_the_server_has_no_room_for_is_overload()
    {
        await using var upstream = await EchoAsync(1);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, services: builder => builder.Services.Configure<KestrelServerOptions>(static options => options.Limits.MaxConcurrentUpgradedConnections = 0));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake("Sec-WebSocket-Protocol: chat\r\n"));
        var answer = await client.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 503", answer);
        Assert.Contains("\"code\":\"overloaded\"", answer);
        Assert.DoesNotContain("Upgrade", answer);
    }

    [Fact]
    public async Task Content_fields_of_a_handshake_do_not_end_the_tunnel()
    {
        await using var upstream = await EchoAsync(2);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Speaking(2));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake("Sec-WebSocket-Protocol: chat\r\nContent-Type: text/plain\r\n"));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadHeadAsync());

        // A masked frame "hi" with a mask of zeros, and the same without a mask.
        await client.SendAsync("\u0081\u0082\0\0\0\0hi");
        Assert.Equal("\u0081\u0002hi", await client.ReadAsync(4));
    }

    [Fact]
    public async Task Destination_that_closes_closes_the_client()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            var head = await connection.ReadHeadAsync();
            var key = System.Text.RegularExpressions.Regex.Match(head, "(?i)sec-websocket-key: *(\\S+)").Groups[1].Value;
            await connection.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {AcceptOf(key)}\r\n\r\nlast words");
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake());
        await client.ReadHeadAsync();
        Assert.Equal("last words", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Reset_on_one_side_ends_the_other()
    {
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            var head = await connection.ReadHeadAsync();
            var key = System.Text.RegularExpressions.Regex.Match(head, "(?i)sec-websocket-key: *(\\S+)").Groups[1].Value;
            await connection.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {AcceptOf(key)}\r\n\r\n");
            await connection.ReadToEndAsync();
            ended.SetResult();
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake());
        await client.ReadHeadAsync();
        client.Reset();
        await ended.Task.WaitAsync(RawConnection.Limit);
    }

    private static string Handshake(string more = "") =>
        $"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n";

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "RFC 6455 asks for SHA-1.")]
    private static string AcceptOf(string key) =>
        Convert.ToBase64String(System.Security.Cryptography.SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    private static HttpProtocols ProtocolOf(int version) => version == 1 ? HttpProtocols.Http1 : HttpProtocols.Http2;

    private static Func<GatewayKit.Clusters.Cluster, GatewayKit.Clusters.Cluster> Speaking(int version) => cluster => cluster with
    {
        Http = new() { WebSocketVersion = new(version, version == 1 ? 1 : 0), WebSocketVersionPolicy = HttpVersionPolicy.RequestVersionExact },
    };

    private static Task<TestHost> EchoAsync(int version) => TestHost.StartAsync(
        map: app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync("chat");
                var buffer = new byte[65_536];
                while (true)
                {
                    var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                    if (received.MessageType is WebSocketMessageType.Close)
                    {
                        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None);
                        return;
                    }

                    await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
                }
            });
        },
        protocols: ProtocolOf(version));

    private static async Task<string> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var (buffer, text) = (new byte[16_384], new MemoryStream());
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            text.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(text.ToArray());
            }
        }
    }
}
