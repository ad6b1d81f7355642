using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>Tells gRPC from other traffic.</summary>
internal static class GrpcCall
{
    public const string ContentType = "application/grpc";

    /// <summary>
    /// Whether the request is a gRPC call: HTTP/2 or later and the content type of the protocol, with or without a format
    /// (<c>application/grpc+proto</c>). gRPC-Web has a content type of its own, is answered in the body and is ordinary traffic here.
    /// </summary>
    public static bool Is(HttpRequest request) =>
        (HttpProtocol.IsHttp2(request.Protocol) || HttpProtocol.IsHttp3(request.Protocol))
        && request.ContentType is { } type && IsContentType(type);

    /// <summary>Notes when a call came, so that the time it spends in filters counts towards its deadline.</summary>
    public static void Note(GatewayContext context, TimeProvider time)
    {
        if (Is(context.HttpContext.Request))
        {
            context.CameAt = Milliseconds(time);
        }
    }

    /// <summary>How long ago a call came.</summary>
    public static TimeSpan Age(GatewayContext context, TimeProvider time) => TimeSpan.FromMilliseconds(unchecked(Milliseconds(time) - context.CameAt));

    /// <summary>
    /// The status of gRPC for one of HTTP: 1 cancelled, 2 unknown, 4 deadline exceeded, 7 permission denied, 8 resource exhausted,
    /// 12 unimplemented, 13 internal, 14 unavailable, 16 unauthenticated.
    /// </summary>
    public static int StatusOf(int httpStatus) => httpStatus switch
    {
        StatusCodes.Status400BadRequest or StatusCodes.Status500InternalServerError => 13,
        StatusCodes.Status401Unauthorized => 16,
        StatusCodes.Status403Forbidden => 7,
        StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed or StatusCodes.Status501NotImplemented => 12,
        StatusCodes.Status408RequestTimeout or StatusCodes.Status504GatewayTimeout => 4,
        StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests or StatusCodes.Status431RequestHeaderFieldsTooLarge => 8,
        StatusCodes.Status499ClientClosedRequest => 1,
        StatusCodes.Status502BadGateway or StatusCodes.Status503ServiceUnavailable => 14,
        _ => 2,
    };

    public static bool IsContentType(string type) =>
        type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (type.Length == ContentType.Length || type[ContentType.Length] is '+' or ';' or ' ');

    // Half the size of a timestamp, which every request would carry: it wraps, and differences of less than 24 days stay right.
    private static int Milliseconds(TimeProvider time) => unchecked((int)(time.GetTimestamp() / (time.TimestampFrequency / 1_000)));
}
