using System.Globalization;
using System.Text;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Pipeline;

/// <summary>
/// Writes a refusal the way a gRPC client reads one: status 200, no body, the outcome in the one block of fields that is head and trailers
/// at once. A client of gRPC sees no HTTP status and drops a body that is no message.
/// </summary>
internal static class GrpcRefusal
{
    private const string Pushback = "grpc-retry-pushback-ms";
    private const int ResourceExhausted = 8;

    private static readonly string[] Statuses = [.. Enumerable.Range(0, 17).Select(static status => status.ToString(CultureInfo.InvariantCulture))];

    public static void Write(HttpContext httpContext, GatewayProblem problem, TimeSpan? retryAfter)
    {
        var response = httpContext.Response;

        // Trailers of an answer that was given up would follow in a block of their own and win.
        httpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers.Clear();
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = GrpcCall.ContentType;
        response.Headers["grpc-status"] = Statuses[problem.Reason.GrpcStatus];
        response.Headers["grpc-message"] = Encode(
            $"{problem.Reason.Title}{(problem.Detail is { } detail ? $" {detail}" : null)} ({problem.Reason.Code}, trace {TraceIdentifiers.Of(httpContext)})");
        if (retryAfter is { } wait)
        {
            // What gRPC clients know in place of Retry-After (gRPC proposal A6).
            var milliseconds = Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 1, int.MaxValue);
            response.Headers[Pushback] = ((int)milliseconds).ToString(CultureInfo.InvariantCulture);
        }
        else if (problem.Reason.GrpcStatus is ResourceExhausted)
        {
            // Clients may have been told to try these again; no time brings more.
            response.Headers[Pushback] = "-1";
        }
    }

    /// <summary>Percent-encodes a message: what is not printable ASCII, and the percent sign itself (gRPC over HTTP/2, Status-Message).</summary>
    public static string Encode(string message)
    {
        var text = new StringBuilder(message.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(message))
        {
            if (octet is >= 0x20 and <= 0x7E and not (byte)'%')
            {
                text.Append((char)octet);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
            }
        }

        return text.ToString();
    }
}
