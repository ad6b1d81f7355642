using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>The body of a request as a service is shown it, with what says how to read it.</summary>
internal sealed class ShownBody(byte[] bytes, StringValues type, StringValues encoding)
{
    /// <summary>Reads the body of a request. Nothing is consumed: whoever reads it next finds it whole.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="mostBytes">How much may come.</param>
    /// <returns><see langword="null"/> if there is more.</returns>
    public static async ValueTask<ShownBody?> ReadAsync(HttpContext httpContext, int mostBytes)
    {
        var headers = httpContext.Request.Headers;
        return await WholeBody.ReadAsync(httpContext, mostBytes, static body => System.Buffers.BuffersExtensions.ToArray(body)).ConfigureAwait(false) is { } bytes
            ? new(bytes, headers.ContentType, headers.ContentEncoding)
            : null;
    }

    public HttpContent CreateContent()
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.TryAddWithoutValidation("Content-Type", type.ToArray());
        if (encoding.Count > 0)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding.ToArray());
        }

        return content;
    }
}
