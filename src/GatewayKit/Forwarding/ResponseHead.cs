using System.Globalization;
using System.Net.Http.Headers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>Copies the head of an answer to the client. The reason phrase stays behind: it is free text from elsewhere (RFC 9112 §4).</summary>
internal static class ResponseHead
{
    /// <param name="exchange">The exchange, with its answer.</param>
    /// <param name="length">How many bytes of body the answer promises; <see langword="null"/> if it does not say.</param>
    /// <returns>Whether the body has one reading: lengths that differ, or one beside a chunked coding, have two (RFC 9112 §6.3).</returns>
    /// <exception cref="InvalidOperationException">A value cannot be written by the server.</exception>
    public static bool TryCopy(Exchange exchange, out long? length)
    {
        var answer = exchange.Response!;
        var transform = exchange.Context?.ForwardTransform;
        var response = exchange.HttpContext.Response;
        var headers = answer.Headers.NonValidated;
        var connection = headers.TryGetValues("Connection", out var options) ? ConnectionOptions.Parse(ToStringValues(options)) : default;
        response.StatusCode = (int)answer.StatusCode;
        length = null;
        foreach (var (name, values) in headers)
        {
            Copy(name, values, response, connection, transform);
        }

        foreach (var (name, values) in answer.Content.Headers.NonValidated)
        {
            if (FieldKinds.OfResponse(name) is FieldKind.ContentLength)
            {
                if (!long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var stated) || headers.Contains("Transfer-Encoding"))
                {
                    return false;
                }

                length = stated;
            }

            Copy(name, values, response, connection, transform);
        }

        // These have no content, so no length of one (RFC 9110 §8.6).
        if (length is not null && answer.StatusCode is not (System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.ResetContent))
        {
            response.ContentLength = length;
        }

        return true;
    }

    /// <summary>Copies the trailers, after the body.</summary>
    public static void CopyTrailers(Exchange exchange)
    {
        var response = exchange.HttpContext.Response;
        if (!response.SupportsTrailers())
        {
            return;
        }

        var transform = exchange.Context?.ForwardTransform;
        foreach (var (name, values) in exchange.Response!.TrailingHeaders.NonValidated)
        {
            if (!FieldKinds.IsForbiddenTrailer(name) && (transform is null || transform.KeepsResponseTrailer(name)))
            {
                response.AppendTrailer(name, ToStringValues(values));
            }
        }

        if (transform is not null && exchange.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>() is { } feature)
        {
            transform.TransformTrailers(exchange.HttpContext, feature.Trailers);
        }
    }

    private static void Copy(string name, HeaderStringValues values, HttpResponse response, ConnectionOptions connection, IForwardTransform? transform)
    {
        var kind = FieldKinds.OfResponse(name);
        if (kind is FieldKind.HopByHop or FieldKind.Connection or FieldKind.ContentLength
            || connection.Nominates(name)
            || (transform is not null && !transform.KeepsResponseHeader(name)))
        {
            return;
        }

        var copied = ToStringValues(values);
        response.Headers[name] = string.Equals(name, "Set-Cookie", StringComparison.OrdinalIgnoreCase)
            ? StringValues.Concat(response.Headers.SetCookie, copied)
            : copied;
    }

    private static StringValues ToStringValues(HeaderStringValues values)
    {
        if (values.Count <= 1)
        {
            return values.ToString();
        }

        var copied = new string[values.Count];
        var i = 0;
        foreach (var value in values)
        {
            copied[i++] = value;
        }

        return copied;
    }
}
