using System.Net.WebSockets;
using GatewayKit.ClientTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Standalone.Drains;

/// <summary>A destination with short requests, long downloads and WebSockets.</summary>
internal static class DrainUpstream
{
    public const int Pieces = 70, PieceBytes = 4_096;

    // Long enough to outlast the delay.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <summary>What a download consists of, so that a piece that is lost or doubled shows.</summary>
    public static byte Piece(int number) => (byte)('a' + (number % 26));

    public static Task<Upstream> StartAsync() => Upstream.StartAsync(static app =>
    {
        app.UseWebSockets();
        app.Map("/socket", TalkAsync);
        app.Map("/download/{kind}", DownloadAsync);
        app.Map("/short/{id}", static async (HttpContext context, string id) =>
        {
            using var body = new StreamReader(context.Request.Body);
            await Task.Delay(Random.Shared.Next(20));
            await context.Response.WriteAsync($"{id} {await body.ReadToEndAsync()}");
        });
    });

    private static async Task TalkAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } received)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    private static async Task DownloadAsync(HttpContext context, string kind)
    {
        context.Response.ContentLength = kind is "sized" ? Pieces * PieceBytes : null;
        var piece = new byte[PieceBytes];
        for (var number = 0; number < Pieces; number++)
        {
            piece.AsSpan().Fill(Piece(number));
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Pace, context.RequestAborted);
        }
    }
}
