using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Node;

/// <summary>A stream of events that breaks off, and WebSockets that echo or hang up.</summary>
internal static class EventServices
{
    public static void Map(WebApplication app, Gates gates)
    {
        app.MapGet("/events/{run}", (string run, HttpContext context) => SendEventsAsync(run, context, gates));
        app.Map("/socket", EchoAsync);
        app.Map("/rude", static async (HttpContext context) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.CloseAsync((WebSocketCloseStatus)4_003, "go away", CancellationToken.None);
        });
    }

    // Two events on each connection, and the next one only after the client has shown that it saw the last.
    private static async Task SendEventsAsync(string run, HttpContext context, Gates gates)
    {
        var next = int.Parse(context.Request.Headers["Last-Event-ID"].FirstOrDefault() ?? "0") + 1;
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("retry: 10\n\n");
        for (var id = next; id < next + 2; id++)
        {
            await context.Response.WriteAsync($"id: {id}\nevent: tick\ndata: number {id}\n\n");
            await context.Response.Body.FlushAsync();
            await gates.WaitAsync($"event-{run}-{id}").WaitAsync(context.RequestAborted);
        }
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = "chat.v1", DangerousEnableCompression = true });
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (received.MessageType is WebSocketMessageType.Close)
            {
                await socket.CloseAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }
}
