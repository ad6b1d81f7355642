using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience;

/// <summary>What has no end that anybody waits for, as far as can be told.</summary>
internal static class LongLived
{
    private const string EventStream = "text/event-stream";

    /// <summary>
    /// Whether the request is sure to be answered by what has no end: a WebSocket, or a gRPC call, since nothing tells those that stream from those that do not. What
    /// else a client accepts is its word alone: an event stream is told by the head of the answer.
    /// </summary>
    public static bool IsAsked(HttpContext httpContext) => WebSocketHandshake.IsAsked(httpContext) || GrpcCall.Is(httpContext.Request);

    /// <summary>Whether a content type is that of server-sent events, with or without parameters.</summary>
    public static bool IsEventStream(string? contentType) =>
        contentType is not null && contentType.StartsWith(EventStream, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == EventStream.Length || contentType[EventStream.Length] is ';' or ' ' or '\t');
}
