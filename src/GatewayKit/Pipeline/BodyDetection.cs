using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Pipeline;

/// <summary>Whether a request has a body, as far as its head tells.</summary>
internal static class BodyDetection
{
    /// <summary>Whether one may come. The server knows best; who has no server, such as a test, goes by the length.</summary>
    public static bool MayHaveBody(HttpContext httpContext) =>
        httpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? httpContext.Request.ContentLength > 0;
}
