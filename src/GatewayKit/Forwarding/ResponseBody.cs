using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Forwarding;

/// <summary>
/// Streams the body of an answer. Whatever has been read is sent before anything is waited for, the head included; the buffer is held
/// only while there is something to read, so an idle stream costs none.
/// </summary>
internal static class ResponseBody
{
    private const int BufferSize = 65_536;
    private const int SmallBufferSize = 4_096;

    // So much may be written without a flush while the destination keeps up.
    private const int MaxUnflushed = 32_768;

    // Read straight into the response from this size on. Each such read takes a block of its own there until the client has taken what is
    // in it, so small ones would let a slow client hold blocks that are nearly empty.
    private const int WideRead = 16_384;

    // A client that lets as many flushes wait in a row is slower than the destination. Such blocks would then be held for long and thrown away,
    // because there are more of them than any pool keeps; the server's own small ones are kept.
    private const int SlowFlushes = 2;

    /// <returns>How it failed, or <see cref="ForwardError.None"/> when every promised byte was sent.</returns>
    public static ValueTask<(ForwardError Error, Exception? Exception)> CopyAsync(HttpResponse response, long? length, Exchange exchange) =>
        exchange.Cluster.Transport.HasStreamsAtOnce && (length is not null || !EventStreams.Is(response))
            ? CopyAsync(Watched(exchange.Response!.Content.ReadAsStream(), exchange), response, length, exchange)
            : OpenAndCopyAsync(response, length, exchange);

    // The content of a handler of the host may have no other way to be read, and an event stream has to be known when the host stops.
    private static async ValueTask<(ForwardError Error, Exception? Exception)> OpenAndCopyAsync(HttpResponse response, long? length, Exchange exchange)
    {
        Stream source;
        try
        {
            source = await exchange.Response!.Content.ReadAsStreamAsync(exchange.Clock.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            return (ForwardErrors.InBody(exception, exchange.Clock, exchange.Body), exception);
        }

        if (length is not null || !EventStreams.Is(response) || response.HttpContext.RequestServices?.GetService<EventStreams>() is not { } streams)
        {
            return await CopyAsync(Watched(source, exchange), response, length, exchange).ConfigureAwait(false);
        }

        var events = streams.Open(source, exchange);
        try
        {
            return await CopyAsync(events, response, length, exchange).ConfigureAwait(false);
        }
        finally
        {
            streams.Close(events);
        }
    }

    private static Stream Watched(Stream source, Exchange exchange) => exchange.Context?.ForwardWatch is { } watch ? watch.Reading(source) : source;

    /// <returns>How it failed, or <see cref="ForwardError.None"/> when every promised byte was sent.</returns>
    public static async ValueTask<(ForwardError Error, Exception? Exception)> CopyAsync(Stream source, HttpResponse response, long? length, Exchange exchange)
    {
        var target = response.BodyWriter;
        var cancellationToken = exchange.Clock.Token;
        var (copied, unflushed) = (0L, 0);
        var (headSent, isLarge, slowFlushes) = (false, false, 0);

        // HTTP/2 and 3 say that a body is over, and send its trailers, after the last promised byte.
        var endsByItself = length is null || exchange.Response!.Version.Major >= 2;

        // Plain bytes on a connection: a read completes at once when a read of nothing has. Elsewhere a part of a chunk, frame or record
        // wakes a reader that has to wait for the rest.
        var isPlain = !endsByItself && exchange.Destination.Destination.Address.Scheme == Uri.UriSchemeHttp;
        var isWide = length >= WideRead;
        while (endsByItself || copied < length)
        {
            byte[]? buffer = null;
            try
            {
                int read;
                try
                {
                    // A read of nothing waits without a buffer.
                    var waiting = source.ReadAsync(Memory<byte>.Empty, cancellationToken);
                    if (!waiting.IsCompleted && (unflushed > 0 || !headSent))
                    {
                        (unflushed, headSent) = (0, true);
                        if (await FlushAsync(target, exchange).ConfigureAwait(false) is { } unsent)
                        {
                            return unsent;
                        }
                    }

                    await waiting.ConfigureAwait(false);
                    ValueTask<int> reading;
                    if (isWide && slowFlushes < SlowFlushes && copied > 0 && (unflushed == 0 || isPlain))
                    {
                        // Nothing can be flushed while the response's own memory is lent to a read; here nothing has to be.
                        reading = source.ReadAsync(target.GetMemory(BufferSize), cancellationToken);
                    }
                    else
                    {
                        buffer = ArrayPool<byte>.Shared.Rent(copied == 0 || length <= SmallBufferSize ? SmallBufferSize : BufferSize);
                        reading = source.ReadAsync(buffer, cancellationToken);
                        if (!reading.IsCompleted && (unflushed > 0 || !headSent))
                        {
                            (unflushed, headSent) = (0, true);
                            if (await FlushAsync(target, exchange).ConfigureAwait(false) is { } unsent)
                            {
                                return unsent;
                            }
                        }
                    }

                    read = await reading.ConfigureAwait(false);
                }
                catch (Exception exception)
                {
                    return (ForwardErrors.InBody(exception, exchange.Clock, exchange.Body), exception);
                }

                if (read == 0)
                {
                    break;
                }

                copied += read;
                exchange.ResponseBytes = copied;
                if (copied > length)
                {
                    return (ForwardError.UpstreamProtocolError, null);
                }

                if (copied > read)
                {
                    isWide = read >= WideRead && !exchange.WritesChunks;
                }
                else if (!response.HasStarted)
                {
                    // From here on there is no other answer: what is written now cannot be taken back.
                    await response.StartAsync(CancellationToken.None).ConfigureAwait(false);
                }

                if (buffer is null)
                {
                    target.Advance(read);
                }
                else if (exchange.WritesChunks)
                {
                    ChunkedBody.Write(response, buffer.AsSpan(0, read));
                }
                else
                {
                    Write(target, buffer.AsSpan(0, read));
                }

                unflushed += read;
                exchange.Clock.Moved(WaitingFor.UpstreamBody);
            }
            finally
            {
                if (buffer is not null)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }

            if (unflushed >= MaxUnflushed)
            {
                if (!isLarge)
                {
                    isLarge = true;
                    SlowClients.GrantIdleTime(exchange.HttpContext, exchange.Cluster.Cluster.Timeouts);
                }

                (unflushed, headSent) = (0, true);
                var flushing = FlushAsync(target, exchange);
                slowFlushes = flushing.IsCompleted ? 0 : slowFlushes + 1;
                if (await flushing.ConfigureAwait(false) is { } failure)
                {
                    return failure;
                }
            }
        }

        // At the end of a response with a length, Kestrel sends what was written since the last flush only if the head is still unsent.
        if (headSent && unflushed > 0 && !exchange.WritesChunks && await FlushAsync(target, exchange).ConfigureAwait(false) is { } rest)
        {
            return rest;
        }

        return length is not null && copied < length ? (ForwardError.UpstreamTruncated, null) : (ForwardError.None, null);
    }

    // A stream that the client has reset lends no memory to those who do not say that they need some, and PipeWriter.Write() throws at that.
    public static void Write(PipeWriter target, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var memory = target.GetSpan(1);
            var count = Math.Min(memory.Length, bytes.Length);
            bytes[..count].CopyTo(memory);
            target.Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <returns>How it failed; <see langword="null"/> if the client takes more.</returns>
    public static async ValueTask<(ForwardError Error, Exception? Exception)?> FlushAsync(PipeWriter target, Exchange exchange)
    {
        var clock = exchange.Clock;
        try
        {
            var flushing = target.FlushAsync(CancellationToken.None);
            using var ending = flushing.IsCompleted ? default : WaitForClient(exchange);
            var result = await flushing.ConfigureAwait(false);
            if (clock.Error is not ForwardError.None and var clocked)
            {
                return (clocked, null);
            }

            clock.Moved(WaitingFor.UpstreamBody);
            return result.IsCompleted ? (ForwardError.ClientAborted, null) : null;
        }
        catch (Exception exception)
        {
            return (clock.Error is ForwardError.None ? ForwardError.ClientAborted : clock.Error, exception);
        }
    }

    // The server ends a stream whose flush is cancelled by INTERNAL_ERROR. The code is ours to say: the stream is reset, and that ends the flush.
    private static CancellationTokenRegistration WaitForClient(Exchange exchange)
    {
        exchange.Clock.Waits(WaitingFor.ClientTaking);
        return exchange.Clock.Token.UnsafeRegister(
            static state =>
            {
                var exchange = (Exchange)state!;
                if (exchange.Clock.Error is not ForwardError.None and var error)
                {
                    ResponseAbort.Abort(exchange.HttpContext, error);
                }
            },
            exchange);
    }
}
