using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience;

/// <summary>What has no end that anybody waits for, as far as can be told.</summary>
internal static class LongLived
{
    private const string EventStream = "text/event-stream";

    /// <summary>
    /// Whether the request asks for it: a WebSocket, a gRPC call, since nothing tells those that stream from those that do not, or what browsers
    /// send for an event source. One that takes other types too is judged by its answer.
    /// </summary>
    public static bool IsAsked(HttpContext httpContext) =>
        AcceptsEventsAlone(httpContext.Request) || WebSocketHandshake.IsAsked(httpContext) || GrpcCall.Is(httpContext.Request);

    /// <summary>Whether the request takes an event stream and nothing else.</summary>
    public static bool AcceptsEventsAlone(HttpRequest request) =>
        request.Headers.Accept is [{ } accepted] && accepted.Equals(EventStream, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a content type is that of server-sent events, with or without parameters.</summary>
    public static bool IsEventStream(string? contentType) =>
        contentType is not null && contentType.StartsWith(EventStream, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == EventStream.Length || contentType[EventStream.Length] is ';' or ' ' or '\t');
}
