using System.Diagnostics;
using System.Net.WebSockets;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.ClientTests.Standalone.Drains;

/// <summary>One gateway, from its start to its end by SIGTERM under load.</summary>
internal sealed class DrainRun
{
    public const int Sockets = 50, Downloads = 20;

    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public required int Requests { get; init; }

    public required (int Sent, int Cut) Late { get; init; }

    public required IReadOnlyList<string> Failures { get; init; }

    public required int SocketsClosed { get; init; }

    /// <summary>How long after the signal the first WebSocket was closed.</summary>
    public required TimeSpan FirstClose { get; init; }

    public required int DownloadsComplete { get; init; }

    public required int ExitCode { get; init; }

    /// <summary>From the signal to the end of the process.</summary>
    public required TimeSpan Took { get; init; }

    public static async Task<DrainRun> RunAsync(Uri upstream)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var gateway = await StandaloneProcess.StartAsync(Configuration(upstream), ["http", "h2c"], "--readiness", "/readyz");
        var (http1, http2) = (gateway.Addresses[0], gateway.Addresses[1]);
        var load = new DrainLoad(http1, http2, limit.Token);
        var sockets = await Task.WhenAll(Enumerable.Range(0, Sockets).Select(number => OpenAsync(number % 2 == 0 ? http1 : http2, number % 2 == 0 ? 1 : 2, limit.Token)));
        var downloads = Enumerable.Range(0, Downloads).Select(number => DownloadAsync(http1, number % 2 == 0 ? "sized" : "chunked", load, limit.Token)).ToArray();
        Task[] asking =
        [
            load.WatchAsync(),
            load.AskToTheEndAsync(),
            .. Enumerable.Range(0, 6).Select(load.KeepAskingAsync),
            .. Enumerable.Range(6, 2).Select(load.KeepAskingByHttp2Async),
        ];
        await Task.Delay(TimeSpan.FromMilliseconds(500), limit.Token);

        var told = Stopwatch.GetTimestamp();
        await gateway.TellToStopAsync();
        var closing = sockets.Select(socket => CloseAsync(socket, told, limit.Token)).ToArray();
        await Task.WhenAll(asking);
        var closes = await Task.WhenAll(closing);
        var complete = await Task.WhenAll(downloads);
        var exitCode = await gateway.ExitCodeAsync();
        return new()
        {
            Requests = load.Requests,
            Late = load.Late,
            Failures = [.. load.Failures],
            SocketsClosed = closes.Count(static close => close.Status is WebSocketCloseStatus.EndpointUnavailable),
            FirstClose = closes.Min(static close => close.After),
            DownloadsComplete = complete.Count(static isComplete => isComplete),
            ExitCode = exitCode,
            Took = Stopwatch.GetElapsedTime(told),
        };
    }

    private static string Configuration(Uri upstream) => $$"""
        {
          "Gateway": {
            "DrainDelay": "{{Delay}}",
            "Clusters": { "up": { "Destinations": { "a": { "Address": "{{upstream}}" } } } },
            "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Cluster": "up" } }
          }
        }
        """;

    private static async Task<ClientWebSocket> OpenAsync(Uri address, int version, CancellationToken limit)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new(version, version == 1 ? 1 : 0);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler(), disposeHandler: false);
        await socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/socket" }.Uri, invoker, limit);
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, limit);
        await socket.ReceiveAsync(new byte[100], limit);
        return socket;
    }

    private static async Task<(WebSocketCloseStatus? Status, TimeSpan After)> CloseAsync(ClientWebSocket socket, long told, CancellationToken limit)
    {
        using (socket)
        {
            try
            {
                var status = (await socket.ReceiveAsync(new byte[100], limit)).CloseStatus;
                var after = Stopwatch.GetElapsedTime(told);
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit);
                return (status, after);
            }
            catch (WebSocketException)
            {
                return (null, Stopwatch.GetElapsedTime(told));
            }
        }
    }

    private static async Task<bool> DownloadAsync(Uri address, string kind, DrainLoad load, CancellationToken limit)
    {
        using var client = new HttpClient();
        try
        {
            var body = await client.GetByteArrayAsync(new Uri(address, $"/download/{kind}"), limit);
            return body.Length == DrainUpstream.Pieces * DrainUpstream.PieceBytes
                && body.Select(static (value, at) => value == DrainUpstream.Piece(at / DrainUpstream.PieceBytes)).All(static isRight => isRight);
        }
        catch (HttpRequestException exception)
        {
            load.Failures.Enqueue($"download: {exception.Message}");
            return false;
        }
    }
}
