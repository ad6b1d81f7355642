using System.Net;
using System.Net.Sockets;
using System.Text;
using GatewayKit.Forwarding;

namespace GatewayKit.AuditTests.Load;

/// <summary>A destination that writes down each head that it reads before it does anything else, and then does what the request asks for in <c>x-script</c>.</summary>
internal sealed class LoggedUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly RunLog _log;
    private readonly Task _accepting;

    public LoggedUpstream(RunLog log)
    {
        _log = log;
        _listener.Start(512);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                socket.NoDelay = true;
                _ = ServeAsync(new(socket));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // It is over.
        }
    }

    private async Task ServeAsync(Wire wire)
    {
        using (wire)
        {
            try
            {
                while (await wire.ReadHeadAsync() is { } head && await AnswerAsync(wire, head))
                {
                }
            }
            catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The gateway has gone: what it should have done is for the checker to say.
            }
        }
    }

    private async Task<bool> AnswerAsync(Wire wire, string head)
    {
        var (id, method) = (Wire.Field(head, "x-test-id") ?? "nobody", head[..head.IndexOf(' ', StringComparison.Ordinal)]);
        var script = Wire.Field(head, "x-script");
        _log.Head(id, method);
        if (script is not null && UpstreamScripts.Faults.TryGetValue(script, out var fault))
        {
            // Where it is an answer at all it is an empty one; of the others nobody can say what is their body.
            _log.Body(id, UpstreamScripts.IsAnswer(script) ? Body.DigestOf([]) : "*");
            await fault(wire);
            return false;
        }

        switch (script)
        {
            case "socket":
                await TunnelAsync(wire, head);
                return false;
            case "events":
                await StreamAsync(wire, id);
                return true;
            case "head-and-wait":
                await UpstreamScripts.SilentAsync(wire, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
                return false;
            case "half-and-wait":
                await UpstreamScripts.SilentAsync(wire, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                return false;
            case "slow":
                _log.Body(id, Body.DigestOf([]));
                await Task.Delay(60);
                await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                return true;
            default:
                return await EchoAsync(wire, head, id, method);
        }
    }

    // What was posted, or as many bytes as were asked for.
    private async Task<bool> EchoAsync(Wire wire, string head, string id, string method)
    {
        var size = Wire.Field(head, "x-size") is { } asked ? Wire.Number(asked) : 0;
        if (method is "GET")
        {
            var body = Body.Of(id, size);
            _log.Body(id, Body.DigestOf(body.Span));
            return await SendAsync(wire, body);
        }

        var posted = Wire.Field(head, "Transfer-Encoding") is not null ? await wire.ReadChunksAsync() : await ReadAsync(wire, Wire.Number(Wire.Field(head, "Content-Length") ?? "0"));
        if (posted is null)
        {
            return false;
        }

        _log.Body(id, Body.DigestOf(posted));
        return await SendAsync(wire, posted);
    }

    private static async Task<byte[]?> ReadAsync(Wire wire, int length)
    {
        var body = await wire.ReadAsync(length);
        return body.Length == length ? body : null;
    }

    private static async Task<bool> SendAsync(Wire wire, ReadOnlyMemory<byte> body)
    {
        await wire.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n");
        await wire.SendAsync(body);
        return true;
    }

    private async Task StreamAsync(Wire wire, string id)
    {
        const int events = 4;
        var text = string.Concat(Enumerable.Range(0, events).Select(number => $"data: {id} {number}\n\n"));
        _log.Body(id, Body.DigestOf(Encoding.ASCII.GetBytes(text)));
        await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var number = 0; number < events; number++)
        {
            var one = $"data: {id} {number}\n\n";
            await wire.SendAsync($"{one.Length:x}\r\n{one}\r\n");
            await Task.Delay(10);
        }

        await wire.SendAsync("0\r\n\r\n");
    }

    // RFC 6455: echoes frames as they come, which are those of a client, unmasked again, and closes when the client does.
    private static async Task TunnelAsync(Wire wire, string head)
    {
        var accept = WebSocketKey.AcceptOf(Wire.Field(head, "Sec-WebSocket-Key")!);
        await wire.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
        while (true)
        {
            // Frames of the runs are shorter than 126 bytes.
            var start = await wire.ReadAsync(6);
            if (start.Length < 6)
            {
                return;
            }

            var payload = await wire.ReadAsync(start[1] & 0x7f);
            for (var i = 0; i < payload.Length; i++)
            {
                payload[i] ^= start[2 + (i % 4)];
            }

            await wire.SendAsync(new byte[] { start[0], (byte)payload.Length }.Concat(payload).ToArray());
            if ((start[0] & 0xf) is 8)
            {
                return;
            }
        }
    }
}
