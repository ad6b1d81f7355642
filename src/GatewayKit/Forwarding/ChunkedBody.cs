using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>
/// An answer over HTTP/1.1 with trailers. Kestrel has none there, but writes the body of a response that names its own transfer coding as it
/// is (its test <c>ChunksCanBeWrittenManually</c>): so the chunks, the last one and the trailers are written here. Kestrel takes such a message
/// for complete whatever is in it, so every failure has to end the connection.
/// </summary>
internal static class ChunkedBody
{
    // Memory of the server that the destination decides about, in one piece.
    private const int MaxTrailerBytes = 16_384;

    // Not the literal: the server writes that one itself when the field is gone, and would then frame the frames.
    private static readonly string OwnCoding = new("chunked".AsSpan());

    // What one byte of a field value may be (RFC 9110 §5.5): answers are read as ISO 8859-1.
    private static readonly SearchValues<char> ValueCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 0x100).Select(static c => (char)c).Where(static c => c is '\t' or (>= ' ' and not '\u007F'))]);

    /// <summary>Frames an answer without a length here, if it can have trailers and somebody expects them. Nothing is sent yet.</summary>
    public static bool TryBegin(Exchange exchange)
    {
        var (answer, httpContext) = (exchange.Response!, exchange.HttpContext);
        if (!HttpProtocol.IsHttp11(httpContext.Request.Protocol))
        {
            return false;
        }

        // RFC 9110 §6.5.1: a destination that sends trailers announces them, a client that wants them says so.
        var fields = answer.Headers.NonValidated;
        var isAnnounced = fields.TryGetValues("Trailer", out var announced);
        if (!isAnnounced && !RequestHead.TakesTrailers(httpContext.Request.Headers.TE))
        {
            return false;
        }

        var headers = httpContext.Response.Headers;
        if ((answer.Version.Major < 2 && !fields.Contains("Transfer-Encoding"))
            || headers.ContentLength is not null || headers.TransferEncoding.Count > 0 || headers.Trailer.Count > 0
            || !IsWrittenByKestrel(httpContext))
        {
            return false;
        }

        exchange.WritesChunks = true;
        headers.TransferEncoding = OwnCoding;
        if (isAnnounced && Announce(ResponseHead.ToStringValues(announced), exchange) is { Length: > 0 } names)
        {
            headers.Trailer = names;
        }

        return true;
    }

    /// <summary>Takes back what <see cref="TryBegin"/> has set: the answer is another one.</summary>
    public static void Withdraw(Exchange exchange)
    {
        if (exchange.WritesChunks)
        {
            exchange.WritesChunks = false;
            var headers = exchange.HttpContext.Response.Headers;
            headers.TransferEncoding = default;
            headers.Trailer = default;
        }
    }

    /// <returns>How it failed, or <see cref="ForwardError.None"/> when the whole message was sent.</returns>
    public static async ValueTask<(ForwardError Error, Exception? Exception)> CopyAsync(Exchange exchange)
    {
        var response = exchange.HttpContext.Response;
        try
        {
            var (error, exception) = await ResponseBody.CopyAsync(response, length: null, exchange).ConfigureAwait(false);
            return error is ForwardError.None ? await EndAsync(response, exchange).ConfigureAwait(false) : (error, exception);
        }
        catch
        {
            // Somebody further out may handle it, and the server would go on behind half a message.
            exchange.HttpContext.Abort();
            throw;
        }
    }

    /// <summary>Writes one chunk (RFC 9112 §7.1). The response has started.</summary>
    /// <exception cref="InvalidOperationException">The head that was sent says something else about the body.</exception>
    public static void Write(HttpResponse response, ReadOnlySpan<byte> bytes)
    {
        MustBeInForce(response);
        var framing = Framing(response);
        Span<byte> head = stackalloc byte[10];
        bytes.Length.TryFormat(head, out var count, "X", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(head[count..]);
        ResponseBody.Write(framing, head[..(count + 2)]);
        ResponseBody.Write(response.BodyWriter, bytes);
        ResponseBody.Write(framing, "\r\n"u8);
    }

    private static async ValueTask<(ForwardError Error, Exception? Exception)> EndAsync(HttpResponse response, Exchange exchange)
    {
        var trailers = new HeaderDictionary();
        ResponseTrailers.Copy(exchange, trailers);
        if (Format(trailers) is not { } end)
        {
            return (ForwardError.UpstreamProtocolError, null);
        }

        await response.StartAsync(CancellationToken.None).ConfigureAwait(false);
        MustBeInForce(response);
        ResponseBody.Write(Framing(response), Encoding.Latin1.GetBytes(end));
        if (await ResponseBody.FlushAsync(response.BodyWriter, exchange).ConfigureAwait(false) is { } failure)
        {
            return failure;
        }

        // Whatever the host wrote from here on would be read as the next answer.
        await response.CompleteAsync().ConfigureAwait(false);
        return (ForwardError.None, null);
    }

    // The last chunk, the trailers, the empty line.
    private static string? Format(HeaderDictionary trailers)
    {
        var end = new StringBuilder("0\r\n");
        foreach (var (name, values) in trailers)
        {
            foreach (var value in values)
            {
                end.Append(name).Append(": ").Append(value).Append("\r\n");
                if (!HttpToken.Is(name) || value.AsSpan().ContainsAnyExcept(ValueCharacters) || end.Length > MaxTrailerBytes)
                {
                    return null;
                }
            }
        }

        return end.Append("\r\n").ToString();
    }

    private static string Announce(StringValues lines, Exchange exchange)
    {
        var transform = exchange.Context?.ForwardTransform;
        var names = lines.SelectMany(static line => line!.Split(',', StringSplitOptions.TrimEntries))
            .Where(name => HttpToken.Is(name) && !FieldKinds.IsForbiddenTrailer(name) && (transform is null || transform.KeepsResponseTrailer(name)));
        return string.Join(", ", names);
    }

    // Middleware that compresses or keeps the body has put a feature of its own in its place, and would take the framing for content.
    private static bool IsWrittenByKestrel(HttpContext httpContext) =>
        ServersBody(httpContext)?.GetType().Assembly == typeof(KestrelServer).Assembly;

    // Whoever counts or copies what passes sees the content and not its framing.
    private static IHttpResponseBodyFeature? ServersBody(HttpContext httpContext) => PassingResponseBody.BehindAll(httpContext.Features.Get<IHttpResponseBodyFeature>());

    private static PipeWriter Framing(HttpResponse response) => ServersBody(response.HttpContext)!.Writer;

    // What runs when the response starts can still change its head.
    private static void MustBeInForce(HttpResponse response)
    {
        if (response.Headers.TransferEncoding is not [var coding] || !ReferenceEquals(coding, OwnCoding) || response.ContentLength is not null)
        {
            throw new InvalidOperationException("The Transfer-Encoding of an answer with trailers was changed after it was set.");
        }
    }
}
