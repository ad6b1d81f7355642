using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>One way to ask: what a request of it looks like, what serves it, and what its answer says.</summary>
public enum AccessTransport
{
    Http1,
    Http2,
    WebSocket,
    WebSocketOverHttp2,
    EventStream,
    EventStreamOverHttp2,
    Grpc,
}

/// <summary>An answer: whether the request was served, and with which fields; else the status of HTTP, or that of gRPC below zero.</summary>
internal sealed record AccessAnswer(bool IsServed, int Status, HttpResponseHeaders? Headers);

/// <summary>Both ends of each transport.</summary>
internal static class AccessTransports
{
    private const string Served = "served";

    public static HttpProtocols ProtocolOf(AccessTransport transport) =>
        transport is AccessTransport.Http2 or AccessTransport.WebSocketOverHttp2 or AccessTransport.EventStreamOverHttp2 or AccessTransport.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1;

    public static Version VersionOf(AccessTransport transport) => ProtocolOf(transport) is HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11;

    /// <summary>Serves whatever transport the request is of. The host has to use WebSockets.</summary>
    public static async Task ServeAsync(HttpContext context)
    {
        var response = context.Response;
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("served"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
            return;
        }

        if (context.Request.ContentType is "application/grpc")
        {
            response.ContentType = "application/grpc";
            response.DeclareTrailer("grpc-status");
            await response.Body.WriteAsync(new byte[5]);
            response.AppendTrailer("grpc-status", "0");
            return;
        }

        if (context.Request.Headers.Accept == "text/event-stream")
        {
            response.ContentType = "text/event-stream";
            await response.WriteAsync($"data: {Served}\n\n");
            return;
        }

        await response.WriteAsync(Served);
    }

    public static async Task<AccessAnswer> AskAsync(Uri address, AccessTransport transport, params (string Name, string Value)[] fields)
    {
        using var handler = new SocketsHttpHandler { UseCookies = false, UseProxy = false };
        return await AskAsync(handler, address, transport, fields);
    }

    /// <summary>The same by a handler of the caller's, such as one that has a client certificate.</summary>
    public static async Task<AccessAnswer> AskAsync(SocketsHttpHandler handler, Uri address, AccessTransport transport, params (string Name, string Value)[] fields)
    {
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        if (transport is AccessTransport.WebSocket or AccessTransport.WebSocketOverHttp2)
        {
            return await OpenAsync(address, transport, invoker, fields);
        }

        var isGrpc = transport is AccessTransport.Grpc;
        using var request = new HttpRequestMessage(isGrpc ? HttpMethod.Post : HttpMethod.Get, address) { Version = VersionOf(transport), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (var (name, value) in fields)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (isGrpc)
        {
            request.Headers.TE.ParseAdd("trailers");
            request.Content = new ByteArrayContent(new byte[5]) { Headers = { ContentType = new("application/grpc") } };
        }
        else if (transport is AccessTransport.EventStream or AccessTransport.EventStreamOverHttp2)
        {
            request.Headers.Accept.ParseAdd("text/event-stream");
        }

        using var response = await invoker.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (!isGrpc)
        {
            return new(response.IsSuccessStatusCode && body.Contains(Served, StringComparison.Ordinal), (int)response.StatusCode, response.Headers);
        }

        var status = (response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer : response.Headers.GetValues("grpc-status")).Single();
        return new(status == "0" && body.Length == 5, -int.Parse(status, CultureInfo.InvariantCulture), response.Headers);
    }

    private static async Task<AccessAnswer> OpenAsync(Uri address, AccessTransport transport, HttpMessageInvoker invoker, (string Name, string Value)[] fields)
    {
        using var socket = new ClientWebSocket();
        (socket.Options.HttpVersion, socket.Options.HttpVersionPolicy, socket.Options.CollectHttpResponseDetails) = (VersionOf(transport), HttpVersionPolicy.RequestVersionExact, true);
        foreach (var (name, value) in fields)
        {
            socket.Options.SetRequestHeader(name, value);
        }

        try
        {
            await socket.ConnectAsync(new UriBuilder(address) { Scheme = address.Scheme is "https" ? "wss" : "ws" }.Uri, invoker, TestContext.Current.CancellationToken);
        }
        catch (WebSocketException)
        {
            return new(false, (int)socket.HttpStatusCode, null);
        }

        var buffer = new byte[16];
        var received = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        using var answer = new HttpResponseMessage();
        foreach (var (name, values) in socket.HttpResponseHeaders ?? new Dictionary<string, IEnumerable<string>>())
        {
            answer.Headers.TryAddWithoutValidation(name, values);
        }

        return new(buffer.AsSpan(0, received.Count).SequenceEqual("served"u8), (int)socket.HttpStatusCode, answer.Headers);
    }
}
