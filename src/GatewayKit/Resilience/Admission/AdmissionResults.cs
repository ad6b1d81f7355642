using System.Globalization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Resilience.Admission;

/// <summary>What counts as a success: whatever is the caller's own doing, or no matter of how much there is to do.</summary>
internal static class AdmissionResults
{
    private const string GrpcStatus = "grpc-status";

    /// <summary>Whether a status of HTTP is a success.</summary>
    public static bool IsSuccess(int status) => status < StatusCodes.Status500InternalServerError;

    /// <summary>
    /// Whether a status of gRPC is: all but deadline exceeded (4), resource exhausted (8), aborted (10), internal (13), unavailable (14) and data loss (15).
    /// </summary>
    public static bool IsGrpcSuccess(string? status) =>
        !int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code) || code is not (4 or 8 or 10 or 13 or 14 or 15);

    /// <summary>Of an answer of an endpoint, as far as it is known when the endpoint has returned.</summary>
    public static bool IsSuccess(GatewayContext context, object? result)
    {
        var httpContext = context.HttpContext;
        return IsSuccess(GatewayResults.StatusOf(httpContext, result))
            && (!GrpcCall.Is(httpContext.Request) || IsGrpcSuccess(GrpcStatusOf(httpContext.Response)));
    }

    private static string? GrpcStatusOf(HttpResponse response) =>
        response.Headers.TryGetValue(GrpcStatus, out var status) ? status
        : response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { } trailers && trailers.TryGetValue(GrpcStatus, out status) ? status
        : (string?)null;
}
