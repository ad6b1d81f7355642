using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>What makes a request unfit for forwarding before any header is copied.</summary>
internal static class RequestRules
{
    public static ForwardError Check(HttpContext httpContext, bool isUpgrade)
    {
        var request = httpContext.Request;
        if (!isUpgrade && IsRefused(request.Method))
        {
            return ForwardError.MethodNotAllowed;
        }

        if (!RequestHost.IsValid(request))
        {
            return ForwardError.BadHost;
        }

        var coding = request.Headers.TransferEncoding;
        return coding.Count == 0 || IsFramedOnce(coding, request) ? ForwardError.None : ForwardError.AmbiguousFraming;
    }

    // Codings other than chunked end at each hop, and no destination is told of them (RFC 9112 §6.1). The server has moved a length that
    // contradicts the coding into a field of its own (C7): two readers could see two messages. HTTP/1.0 has no codings.
    private static bool IsFramedOnce(StringValues coding, HttpRequest request) =>
        coding.Count == 1 && string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase)
        && !request.Headers.ContainsKey("X-Content-Length") && !HttpProtocol.IsHttp10(request.Protocol);

    /// <summary>Whether the request reads and has no body.</summary>
    public static bool IsPlainRead(HttpContext httpContext) =>
        (HttpMethods.IsGet(httpContext.Request.Method) || HttpMethods.IsHead(httpContext.Request.Method))
        && !BodyDetection.MayHaveBody(httpContext);

    // Tunnels and echoes are no business of a gateway; a known method in another case is another method (RFC 9110 §9.1), which the
    // handler would silently upper-case.
    private static bool IsRefused(string method) => method switch
    {
        "GET" or "POST" or "PUT" or "DELETE" or "HEAD" or "OPTIONS" or "PATCH" => false,
        "CONNECT" or "TRACE" or "TRACK" or "PRI" => true,
        _ => HttpMethod.Parse(method).Method != method,
    };
}
