using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace GatewayKit.AuditTests.Load;

/// <summary>One client that asks for one thing after the other, on a connection that it keeps as long as it lasts, and writes down what it sends before it does and what comes of it.</summary>
internal sealed class LoadWorker(LoadTarget target, RunLog log, int number, int seed) : IDisposable
{
    private static readonly string[] Malformed =
    [
        "GET /{0} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /{0} HTTP/1.1\r\n\r\n",
        "GET /{0} HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n",
        "GET /{0} HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "GET /{0} HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET {0} HTTP/1.1\r\nHost: a\r\n\r\n",
    ];

    private readonly Random _random = new((seed * 7_919) + number);
    private Wire? _wire;
    private int _count;

    /// <summary>How often a client left where.</summary>
    public Dictionary<AbortAt, int> Aborts { get; } = [];

    /// <summary>How often which fault was asked for.</summary>
    public Dictionary<string, int> Faults { get; } = [];

    public void Dispose() => _wire?.Dispose();

    public async Task AskAsync()
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{seed:x}-{number:x}-{++_count:x}");
        try
        {
            await AskAsync(id, target.IsMixed ? LoadRequest.Kind(_random) : _random.Next(4) is 0 ? LoadKind.Post : LoadKind.Get);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Close();
            log.Seen(id, 0, "cut");
        }
    }

    private Task AskAsync(string id, LoadKind kind)
    {
        switch (kind)
        {
            case LoadKind.Get:
                return ExchangeAsync(id, "GET", Head("GET", "up", id, $"x-size: {LoadRequest.Size(_random)}\r\n"), default);
            case LoadKind.Post:
                var body = Body.Of(id, LoadRequest.Size(_random));
                return ExchangeAsync(id, "POST", Head("POST", "up", id, $"Content-Length: {body.Length}\r\n"), body);
            case LoadKind.Chunked:
                return ExchangeAsync(id, "POST", Head("POST", "up", id, "Transfer-Encoding: chunked\r\n"), Chunks(Body.Of(id, LoadRequest.Size(_random))));
            case LoadKind.Http2:
                return target.Http2!.AskAsync(log, id, LoadRequest.Size(_random), isPost: _random.Next(3) == 0, leaves: false);
            case LoadKind.Events:
                return ExchangeAsync(id, "GET", Head("GET", "up", id, "x-script: events\r\n"), default);
            case LoadKind.Socket:
                return SocketAsync(id, leaves: false);
            case LoadKind.Malformed:
                return RefusedAsync(id, string.Format(CultureInfo.InvariantCulture, Malformed[_random.Next(Malformed.Length)], id));
            case LoadKind.Fault:
                var (path, script) = LoadRequest.Fault(_random);
                Faults[script ?? path] = Faults.GetValueOrDefault(script ?? path) + 1;
                var isPost = _random.Next(4) == 0;
                var fields = (script is null ? string.Empty : $"x-script: {script}\r\n") + (isPost ? "Content-Length: 4\r\n" : string.Empty);
                return ExchangeAsync(id, isPost ? "POST" : "GET", Head(isPost ? "POST" : "GET", path, id, fields), isPost ? "body"u8.ToArray() : default);
            case LoadKind.Abort:
                return LeaveAsync(id, (AbortAt)_random.Next(Enum.GetValues<AbortAt>().Length));
            case LoadKind.Stopped:
                return ExchangeAsync(id, "GET", Head("GET", "up", id, "x-stop: 1\r\n"), default);
            default:
                return ExchangeAsync(id, "GET", Head("GET", kind.ToString().ToLowerInvariant(), id, string.Empty), default);
        }
    }

    private static string Head(string method, string path, string id, string fields) => $"{method} /{path}/{id} HTTP/1.1\r\nHost: a\r\nx-test-id: {id}\r\n{fields}\r\n";

    private static ReadOnlyMemory<byte> Chunks(ReadOnlyMemory<byte> body)
    {
        using var chunks = new MemoryStream();
        for (var at = 0; at < body.Length; at += 1_500)
        {
            var chunk = body.Slice(at, Math.Min(1_500, body.Length - at));
            chunks.Write(Encoding.ASCII.GetBytes(chunk.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
            chunks.Write(chunk.Span);
            chunks.Write("\r\n"u8);
        }

        chunks.Write("0\r\n\r\n"u8);
        return chunks.ToArray();
    }

    private async Task<Wire> WireAsync() => _wire ??= await Wire.ConnectAsync(target.Port);

    private void Close()
    {
        _wire?.Dispose();
        _wire = null;
    }

    private async Task ExchangeAsync(string id, string method, string head, ReadOnlyMemory<byte> body)
    {
        log.Sent(id, method, "whole");
        var wire = await WireAsync();
        try
        {
            await wire.SendAsync(head);
            await wire.SendAsync(body);
        }
        catch (SocketException)
        {
            // It may have been answered before its body was read.
        }

        await SeeAsync(id, wire);
    }

    private async Task SeeAsync(string id, Wire wire)
    {
        var status = 0;
        try
        {
            if (await wire.ReadHeadAsync() is { } answer)
            {
                status = Wire.Number(answer[9..12]);
                var body = Wire.Field(answer, "Transfer-Encoding") is not null ? await wire.ReadChunksAsync()
                    : Wire.Field(answer, "Content-Length") is { } length ? await ReadAsync(wire, Wire.Number(length)) : await wire.ReadToEndAsync();
                if (body is not null)
                {
                    log.Seen(id, status, "whole", DigestOf(status, body));
                    if (Wire.Field(answer, "Connection") is "close" || (Wire.Field(answer, "Transfer-Encoding") ?? Wire.Field(answer, "Content-Length")) is null)
                    {
                        Close();
                    }

                    return;
                }
            }
        }
        catch (SocketException)
        {
            // As if it had closed.
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{id}: no answer within {Wire.Limit}.");
        }

        Close();
        log.Seen(id, status, "cut");
    }

    // The one refusal that cannot be in the journal is told by its name.
    private static string DigestOf(int status, byte[] body) => status is 503 && body.AsSpan().IndexOf("audit-unavailable"u8) >= 0 ? "audit-unavailable" : Body.DigestOf(body);

    private static async Task<byte[]?> ReadAsync(Wire wire, int length)
    {
        var body = await wire.ReadAsync(length);
        return body.Length == length ? body : null;
    }

    private async Task RefusedAsync(string id, string head)
    {
        log.Sent(id, "GET", "malformed");
        using var wire = await Wire.ConnectAsync(target.Port);
        await wire.SendAsync(head);
        var answer = await wire.ReadHeadAsync();
        log.Seen(id, answer is null ? 0 : Wire.Number(answer[9..12]), answer is null ? "cut" : "whole");
    }

    private static byte[] Frame(byte operation, string payload) =>
        [(byte)(0x80 | operation), (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(payload)];

    private async Task SocketAsync(string id, bool leaves)
    {
        log.Sent(id, "GET", "whole");
        using var wire = await Wire.ConnectAsync(target.Port);
        await wire.SendAsync(Head("GET", "up", id, "x-script: socket\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
        var answer = await wire.ReadHeadAsync();
        var status = answer is null ? 0 : Wire.Number(answer[9..12]);
        for (var i = 0; status is 101 && i < 3; i++)
        {
            await wire.SendAsync(Frame(1, id));
            Assert.Equal(id, Encoding.ASCII.GetString((await wire.ReadAsync(2 + id.Length))[2..]));
            if (leaves)
            {
                wire.Reset();
                log.Seen(id, status, "left");
                return;
            }
        }

        await wire.SendAsync(Frame(8, "\u0003\u00e8"));
        log.Seen(id, status, status is 101 && (await wire.ReadAsync(4)).Length is 4 && (await wire.ReadToEndAsync()).Length is 0 ? "whole" : "cut");
    }

    private async Task LeaveAsync(string id, AbortAt at)
    {
        Aborts[at] = Aborts.GetValueOrDefault(at) + 1;
        switch (at)
        {
            case AbortAt.InSocket:
                await SocketAsync(id, leaves: true);
                return;
            case AbortAt.Http2Stream:
                await target.Http2!.AskAsync(log, id, 0, isPost: false, leaves: true);
                return;
        }

        var (method, path, fields) = at switch
        {
            AbortAt.InBody => ("POST", "up", "Content-Length: 1000\r\n"),
            AbortAt.InChunk => ("POST", "up", "Transfer-Encoding: chunked\r\n"),
            AbortAt.InQueue => ("GET", "queue", "x-script: slow\r\n"),
            AbortAt.Connecting => ("GET", "hole", string.Empty),
            AbortAt.Waiting => ("GET", "faulty", "x-script: silence\r\n"),
            AbortAt.RetryDelay => ("GET", "retried", "x-script: error-503-yesterday\r\n"),
            AbortAt.AfterAnswerHead => ("GET", "up", "x-script: head-and-wait\r\n"),
            AbortAt.InAnswer => ("GET", "up", "x-script: half-and-wait\r\n"),
            AbortAt.InEvents => ("GET", "up", "x-script: events\r\n"),
            AbortAt.AfterAnswer => ("GET", "up", "x-size: 100\r\n"),
            _ => ("GET", "up", string.Empty),
        };

        // Whoever leaves at once cannot know whether the server has read what was sent.
        log.Sent(id, method, at is AbortAt.InHead or AbortAt.AfterHead ? "part" : "whole");
        using var wire = await Wire.ConnectAsync(target.Port);
        var head = Head(method, path, id, fields);
        await wire.SendAsync(at is AbortAt.InHead ? head[..^10] : at is AbortAt.InBody ? head + "half" : at is AbortAt.InChunk ? head + "5\r\nhal" : head);
        var status = 0;
        if (at >= AbortAt.AfterAnswerHead)
        {
            var answer = await wire.ReadHeadAsync();
            status = answer is null ? 0 : Wire.Number(answer[9..12]);
            _ = await wire.ReadAsync(at switch { AbortAt.InAnswer => 4, AbortAt.InEvents => 10, AbortAt.AfterAnswer => 100, _ => 0 });
        }
        else if (at is not AbortAt.InHead and not AbortAt.AfterHead)
        {
            await Task.Delay(_random.Next(10, 60));
        }

        if (_random.Next(2) == 0)
        {
            wire.Reset();
        }

        log.Seen(id, status, "left");
    }
}
