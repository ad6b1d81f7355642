using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>Whatever is spoken, and whoever answers: the beginning is in the file before the service is asked, the end comes with the last byte and not before, and says what came of it.</summary>
public sealed class AuditMatrixTests
{
    public static MatrixTheoryData<string, string> Cells => new(["HTTP/1.1", "HTTP/2", "events", "WebSocket", "gRPC"], ["route", "host"]);

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Request_is_recorded_before_it_is_served_and_when_its_last_byte_is_out(string what, string where)
    {
        await using var host = await MatrixHost.StartAsync(what is "HTTP/2" or "gRPC");
        var path = new Uri(host.Gateway.Address, $"/{where}/{(what is "events" ? "events" : "one")}");
        var finish = what is "WebSocket" ? await SocketAsync(path) : await CallAsync(host, path, isGrpc: what is "gRPC");
        var seen = await host.Seen;
        Assert.Contains("\"kind\":\"begin\"", seen, StringComparison.Ordinal);

        // The first bytes are with the client, and more are to come.
        Assert.DoesNotContain("\"kind\":\"end\"", host.ReadText(), StringComparison.Ordinal);
        host.Go();
        await finish();
        var lines = await host.StopAndReadAsync();
        Assert.Equal(["begin", "end"], lines.Select(static line => line.GetProperty("kind").GetString()));
        Assert.Equal(lines[0].GetProperty("rid").GetString(), lines[1].GetProperty("rid").GetString());
        Assert.Equal((what is "WebSocket" ? 101 : 200, "ok"), (lines[1].GetProperty("st").GetInt32(), lines[1].GetProperty("outcome").GetString()));
        Assert.Equal(where is "route", lines[1].TryGetProperty("att", out _));
        Assert.Equal(what is "HTTP/2" or "gRPC" ? "HTTP/2" : "HTTP/1.1", lines[0].GetProperty("proto").GetString());
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Client_that_leaves_half_way_is_recorded_as_such(string what, string where)
    {
        await using var host = await MatrixHost.StartAsync(what is "HTTP/2" or "gRPC");
        var path = new Uri(host.Gateway.Address, $"/{where}/{(what is "events" ? "events" : "one")}");
        if (what is "WebSocket")
        {
            // To a tunnel its bytes are bytes: that a client closes without having said so is its end.
            Assert.SkipWhen(where is "route", "A tunnel does not read frames.");
            using var socket = await ConnectAsync(path);
            socket.Abort();
        }
        else
        {
            // One that does not read what is left of the answer before it closes.
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero });
            using var answer = await SendAsync(client, host, path, what is "gRPC");
            await ReadFirstAsync(answer);
        }

        await host.Left;
        var lines = await host.StopAndReadAsync();
        Assert.Equal(["begin", "end"], lines.Select(static line => line.GetProperty("kind").GetString()));
        Assert.Equal("client_aborted", Text(lines[1], "outcome"));
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, MatrixHost host, Uri path, bool isGrpc)
    {
        using var request = new HttpRequestMessage(isGrpc ? HttpMethod.Post : HttpMethod.Get, path);
        if (isGrpc)
        {
            request.Content = new ByteArrayContent([0, 0, 0, 0, 1, 7]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
            request.Headers.Add("TE", "trailers");
        }

        (request.Version, request.VersionPolicy) = (host.IsHttp2 ? HttpVersion.Version20 : HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task ReadFirstAsync(HttpResponseMessage answer) => Assert.NotEqual(0, await (await answer.Content.ReadAsStreamAsync()).ReadAsync(new byte[100]));

    private static async Task<Func<Task>> CallAsync(MatrixHost host, Uri path, bool isGrpc)
    {
        var answer = await SendAsync(host.Gateway.Client, host, path, isGrpc);
        var body = await answer.Content.ReadAsStreamAsync();
        Assert.NotEqual(0, await body.ReadAsync(new byte[100]));
        return async () =>
        {
            Assert.Equal(0, await body.ReadAsync(new byte[100]));
            answer.Dispose();
        };
    }

    private static async Task<ClientWebSocket> ConnectAsync(Uri path)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(path) { Scheme = "ws" }.Uri, default);
        await socket.ReceiveAsync(new byte[16], default);
        return socket;
    }

    private static async Task<Func<Task>> SocketAsync(Uri path)
    {
        var socket = await ConnectAsync(path);
        return async () =>
        {
            Assert.Equal(WebSocketMessageType.Close, (await socket.ReceiveAsync(new byte[16], default)).MessageType);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
            socket.Dispose();
        };
    }
}
