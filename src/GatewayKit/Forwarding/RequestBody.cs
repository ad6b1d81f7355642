using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.ExceptionServices;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding;

/// <summary>
/// The client's body on its way to a destination. It can be read once; what was read of it before comes first if that was kept, else a second try
/// would send a cut body as a whole one, so it throws (E3). A failure is noted with its side, because the handler reports both the same way.
/// </summary>
internal sealed class RequestBody(HttpContext httpContext, ExchangeClock clock, ReplayBuffer? replay = null, IBodyWatch? watch = null) : HttpContent
{
    private const int MaxBuffer = 65_536;

    // The copy that began last.
    private TaskCompletionSource? _copy;
    private bool _hasRead;

    /// <summary>Why the client's body could not be read.</summary>
    public Exception? ReadFailure { get; private set; }

    /// <summary>How many bytes the destination was sent.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Why the destination could not take it.</summary>
    public Exception? WriteFailure { get; private set; }

    /// <summary>Whether the copy has begun and not ended.</summary>
    public bool IsRunning => Volatile.Read(ref _copy) is { Task.IsCompleted: false };

    /// <summary>Completes when nothing reads the client's body any more. Never faults.</summary>
    public Task Finished => Volatile.Read(ref _copy)?.Task ?? Task.CompletedTask;

    /// <summary>Whether all of it can be sent once more when this copy has ended: nothing of it is read, or all that is.</summary>
    public bool CanBeSentAgain => IsRunning
        ? replay is { IsGone: false } && httpContext.Request.ContentLength <= replay.MostBytes
        : IsWhole;

    // Once anything was read from the client, a further attempt finds less than the whole.
    private bool IsWhole => !_hasRead || replay is { IsGone: false };

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var copy = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.Exchange(ref _copy, copy) is { } former)
        {
            await BeginAgainAsync(former.Task, copy).ConfigureAwait(false);
        }

        // HTTP/2 and 3 end an upload that nobody wants by a token of their own.
        using var linked = cancellationToken == clock.Token || !cancellationToken.CanBeCanceled
            ? null
            : CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, clock.Token);
        clock.UploadBegins();
        replay?.Use();
        try
        {
            if (replay is { Kept: { IsEmpty: false } kept })
            {
                _hasRead = true;
                await WriteAsync(stream, new ReadOnlySequence<byte>(kept), linked?.Token ?? clock.Token).ConfigureAwait(false);
            }

            await CopyAsync(httpContext.Request.BodyReader, stream, linked?.Token ?? clock.Token).ConfigureAwait(false);
            clock.UploadEnds();
        }
        catch (Exception exception) when (exception is not OperationCanceledException && (linked?.Token ?? clock.Token) is { IsCancellationRequested: true } called)
        {
            // The handler does not look at an upload that was called off; one that failed meanwhile would be an exception nobody observes.
            throw new OperationCanceledException(exception.Message, exception, called);
        }
        finally
        {
            replay?.Release();
            copy.TrySetResult();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = httpContext.Request.ContentLength ?? -1;
        return length >= 0;
    }

    // The handler sends a stream again that its destination has refused, any method since none of it was processed (RFC 9113 §8.7). The former copy is
    // called off, but it may have a byte of the client's in hand.
    private async Task BeginAgainAsync(Task former, TaskCompletionSource copy)
    {
        await former.ConfigureAwait(false);
        if (!IsWhole)
        {
            copy.TrySetResult();
            throw new InvalidOperationException("The request body has been sent once and is gone. A handler that sends again must leave requests with a body alone.");
        }

        (BytesSent, WriteFailure) = (0, null);
    }

    private async Task CopyAsync(PipeReader reader, Stream stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reading = ReadAsync(reader, cancellationToken);
            if (!reading.IsCompleted)
            {
                // Nothing more is there now: what was read so far must not wait for it.
                if (!await TryFlushAsync(stream, cancellationToken).ConfigureAwait(false))
                {
                    // Nothing may read the client's body after the copy has ended.
                    CancelRead(reader);
                }

                clock.UploadWaitsForClient();
            }

            var result = await reading.ConfigureAwait(false);
            try
            {
                if (!result.Buffer.IsEmpty)
                {
                    // Kept whatever comes of it: it is taken off the client's body below, and another attempt needs it.
                    _hasRead = true;
                    replay?.Append(result.Buffer);
                    watch?.Passed(result.Buffer);
                }

                if (WriteFailure is not null)
                {
                    ExceptionDispatchInfo.Throw(WriteFailure);
                }

                cancellationToken.ThrowIfCancellationRequested();
                if (!result.Buffer.IsEmpty)
                {
                    clock.UploadMoved();
                    await WriteAsync(stream, result.Buffer, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                // Also of what could not be sent: the server drains the rest and keeps the client's connection for the refusal.
                Advance(reader, result.Buffer.End);
            }

            if (result.IsCompleted)
            {
                watch?.Ended();
                return;
            }
        }
    }

    // A stream that the client has reset throws; then the read ends by itself.
    private static void CancelRead(PipeReader reader)
    {
        try
        {
            reader.CancelPendingRead();
        }
#pragma warning disable CA1031 // Whatever it is, the read that follows tells it.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private async ValueTask<ReadResult> ReadAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        try
        {
            var reading = reader.ReadAsync(CancellationToken.None);
            if (reading.IsCompleted)
            {
                return await reading.ConfigureAwait(false);
            }

            // Not by the token: Kestrel's reader would be for ever in the middle of a read that ended so, and no other attempt could read on.
            using var calledOff = cancellationToken.UnsafeRegister(static reader => CancelRead((PipeReader)reader!), reader);
            return await reading.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A read that was called off, by a clock or by a destination that wants no more, is not the client's failure.
            ReadFailure = exception;
            throw;
        }
    }

    // Over HTTP/2 the server counts what was taken, not what was read.
    private void Advance(PipeReader reader, SequencePosition taken)
    {
        try
        {
            reader.AdvanceTo(taken);
        }
        catch (Exception exception)
        {
            ReadFailure ??= exception;
            throw;
        }
    }

    private async Task<bool> TryFlushAsync(Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception)
        {
            WriteFailure = exception;
            return false;
        }
    }

    private async Task WriteAsync(Stream stream, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        try
        {
            if (data.IsSingleSegment)
            {
                await stream.WriteAsync(data.First, cancellationToken).ConfigureAwait(false);
                BytesSent += data.Length;
                return;
            }

            // The server's segments are 4 KiB; one write of many saves system calls.
            var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(MaxBuffer, data.Length));
            try
            {
                while (!data.IsEmpty)
                {
                    var part = data.Slice(0, Math.Min(buffer.Length, data.Length));
                    part.CopyTo(buffer);
                    await stream.WriteAsync(buffer.AsMemory(0, (int)part.Length), cancellationToken).ConfigureAwait(false);
                    BytesSent += part.Length;
                    clock.UploadMoved();
                    data = data.Slice(part.End);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        catch (Exception exception)
        {
            WriteFailure = exception;
            throw;
        }
    }
}
