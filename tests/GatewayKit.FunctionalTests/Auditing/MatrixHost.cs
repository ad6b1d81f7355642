using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>A gateway that records, with one service that is a destination behind a route and a handler at an endpoint of the host as well, and stands still half-way.</summary>
internal sealed class MatrixHost : IAsyncDisposable
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MatrixHost(bool isHttp2) => IsHttp2 = isHttp2;

    public bool IsHttp2 { get; }

    public TestHost Gateway => Audited.Gateway;

    /// <summary>What was in the journal when the service was asked.</summary>
    public Task<string> Seen => _seen.Task.WaitAsync(TimeSpan.FromSeconds(30));

    private AuditedHost Audited { get; set; } = null!;

    public static async Task<MatrixHost> StartAsync(bool isHttp2)
    {
        var host = new MatrixHost(isHttp2);
        host.Audited = await AuditedHost.StartAsync(
            host.ServeAsync,
            app =>
            {
                app.UseWebSockets();
                app.MapGatewayRoute("/route/{**rest}", cluster: "up").WithAuditing();
                app.Map("/host/{**rest}", host.ServeAsync).WithName("host").WithAuditing(AuditDelivery.Strict);
            },
            protocols: isHttp2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        return host;
    }

    /// <summary>The service was told that its client has gone.</summary>
    public Task Left => _left.Task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Lets the service finish.</summary>
    public void Go() => _go.TrySetResult();

    public string ReadText() => Audited.ReadText();

    /// <summary>Stops the gateway and reads the lines of requests.</summary>
    public Task<IReadOnlyList<JsonElement>> StopAndReadAsync()
    {
        Go();
        return Audited.StopAndReadRequestsAsync();
    }

    public ValueTask DisposeAsync()
    {
        Go();
        return Audited.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        _seen.TrySetResult(ReadText());
        using var leaving = context.RequestAborted.Register(() => _left.TrySetResult());
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("first"u8.ToArray(), System.Net.WebSockets.WebSocketMessageType.Text, endOfMessage: true, default);
            await _go.Task;
            await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, default);
            return;
        }

        var isGrpc = context.Request.ContentType is "application/grpc";
        context.Response.ContentType = isGrpc ? "application/grpc" : context.Request.Path.Value!.EndsWith("/events", StringComparison.Ordinal) ? "text/event-stream" : "text/plain";
        if (isGrpc)
        {
            context.Response.DeclareTrailer("grpc-status");
        }

        await context.Response.BodyWriter.WriteAsync(isGrpc ? new byte[] { 0, 0, 0, 0, 1, 42 } : "data: first\n\n"u8.ToArray());
        await context.Response.BodyWriter.FlushAsync();
        await _go.Task;
        if (isGrpc)
        {
            context.Response.AppendTrailer("grpc-status", "0");
        }
    }
}
