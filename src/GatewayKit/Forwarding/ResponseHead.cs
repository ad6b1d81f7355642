using System.Globalization;
using System.Net;
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
    /// <returns>Whether the body has one reading: lengths that differ, or one beside a chunked coding, have two, and another coding has none (RFC 9112 §6.1, §6.3).</returns>
    /// <exception cref="InvalidOperationException">A value cannot be written by the server.</exception>
    public static bool TryCopy(Exchange exchange, out long? length)
    {
        var answer = exchange.Response!;
        var response = exchange.HttpContext.Response;
        var headers = answer.Headers.NonValidated;
        var connection = headers.TryGetValues("Connection", out var options) ? ConnectionOptions.Parse(ToStringValues(options)) : default;
        var replaces = response.Headers.Count > 0;
        response.StatusCode = (int)answer.StatusCode;
        length = null;
        var isChunked = false;
        foreach (var (name, values) in headers)
        {
            var kind = FieldKinds.OfResponse(name);
            if (kind is FieldKind.TransferCoding)
            {
                // The handler takes off chunks and nothing else: any other coding would reach the client without its name.
                if (!IsChunkedOnly(values) || answer.Version != HttpVersion.Version11)
                {
                    return false;
                }

                isChunked = true;
            }

            if (Passes(kind, name, connection, exchange))
            {
                Copy(name, values, exchange.HttpContext, replaces);
            }
        }

        foreach (var (name, values) in answer.Content.Headers.NonValidated)
        {
            var kind = FieldKinds.OfResponse(name);
            if (kind is FieldKind.ContentLength)
            {
                if (isChunked || !long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var stated))
                {
                    return false;
                }

                length = stated;
            }

            if (Passes(kind, name, connection, exchange))
            {
                Copy(name, values, exchange.HttpContext, replaces);
            }
        }

        // These have no content, so no length of one (RFC 9110 §8.6).
        if (length is not null && answer.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.ResetContent))
        {
            response.ContentLength = length;
        }

        return true;
    }

    /// <summary>Adds a field of the gateway's own beside those that were copied.</summary>
    public static void Append(Exchange exchange, string name, string value)
    {
        var headers = exchange.HttpContext.Response.Headers;

        // What the answer has of that name goes with the answer.
        if (!exchange.Response!.Headers.NonValidated.Contains(name))
        {
            ReplacedFields.Of(exchange.HttpContext).Add((name, headers[name]));
        }

        headers.Append(name, value);
    }

    /// <summary>Takes back what was copied, and leaves what the host has set.</summary>
    public static void Withdraw(Exchange exchange)
    {
        var answer = exchange.Response!;
        var response = exchange.HttpContext.Response;
        var connection = answer.Headers.NonValidated.TryGetValues("Connection", out var options) ? ConnectionOptions.Parse(ToStringValues(options)) : default;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentLength = null;
        ChunkedBody.Withdraw(exchange);
        foreach (var (name, _) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (Passes(FieldKinds.OfResponse(name), name, connection, exchange))
            {
                response.Headers.Remove(name);
            }
        }

        foreach (var (name, values) in exchange.HttpContext.Features.Get<ReplacedFields>() ?? [])
        {
            response.Headers[name] = values;
        }

        exchange.HttpContext.Features.Set<ReplacedFields>(null);
    }

    private static bool IsChunkedOnly(HeaderStringValues values) =>
        values.Count == 1 && string.Equals(values.ToString(), "chunked", StringComparison.OrdinalIgnoreCase);

    private static bool Passes(FieldKind kind, string name, ConnectionOptions connection, Exchange exchange) =>
        kind is not (FieldKind.HopByHop or FieldKind.Connection or FieldKind.ContentLength or FieldKind.TransferCoding)
        && !connection.Nominates(name)
        && (exchange.Context is not { } context
            || ((kind is not FieldKind.Limit || !context.ReplacesLimitFields) && context.ForwardTransform?.KeepsResponseHeader(name) is not false));

    private static void Copy(string name, HeaderStringValues values, HttpContext httpContext, bool replaces)
    {
        var headers = httpContext.Response.Headers;
        var copied = ToStringValues(values);
        if (replaces && headers.TryGetValue(name, out var former))
        {
            ReplacedFields.Of(httpContext).Add((name, former));
        }

        headers[name] = string.Equals(name, "Set-Cookie", StringComparison.OrdinalIgnoreCase) ? StringValues.Concat(headers.SetCookie, copied) : copied;
    }

    public static StringValues ToStringValues(HeaderStringValues values)
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
