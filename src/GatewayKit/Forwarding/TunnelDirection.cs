using System.Buffers;

namespace GatewayKit.Forwarding;

/// <summary>
/// One direction of a tunnel: copies what is there and holds no buffer while it waits. Asked to close, it puts a Close at the next border
/// between two frames and drops what comes after, because nothing may follow a Close (RFC 6455 §5.5.1).
/// </summary>
internal sealed class TunnelDirection(Stream source, Stream target, bool fromClient, ExchangeClock clock)
{
    // A sender that fills the usual one gets the larger one, which costs fewer calls a byte.
    private const int BufferSize = 16_384, LargeBufferSize = 65_536;

    private readonly WebSocketFrames _frames = new(masked: fromClient);
    private readonly Lock _lock = new();
    private long _bytes;
    private bool _sourceHasClosed;
    private bool _hasEnded;
    private bool _isWriting, _isCut, _isAskedToClose, _hasClosed;
    private Task _closing = Task.CompletedTask;

    /// <summary>How many bytes the source has sent.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether the source has sent a Close.</summary>
    public bool SourceHasClosed => Volatile.Read(ref _sourceHasClosed);

    /// <summary>Copies until the source ends or, once asked to close, has sent its Close. Never throws.</summary>
    /// <returns>What broke it, and whether that was the reading; nothing if it ended.</returns>
    public async Task<(Exception? Cause, bool InRead)> RunAsync()
    {
        var (inRead, size) = (true, BufferSize);
        try
        {
            while (true)
            {
                await source.ReadAsync(Memory<byte>.Empty, clock.Token).ConfigureAwait(false);
                var buffer = ArrayPool<byte>.Shared.Rent(size);
                try
                {
                    var read = await source.ReadAsync(buffer.AsMemory(0, size), clock.Token).ConfigureAwait(false);
                    if (read == 0)
                    {
                        return default;
                    }

                    clock.Moved();
                    _bytes += read;
                    inRead = false;
                    var passed = Begin(buffer.AsMemory(0, read));
                    if (!passed.IsEmpty)
                    {
                        await target.WriteAsync(passed, clock.Token).ConfigureAwait(false);
                        await target.FlushAsync(clock.Token).ConfigureAwait(false);
                        clock.Moved();
                    }

                    if (End())
                    {
                        return default;
                    }

                    inRead = true;
                    size = read == size ? LargeBufferSize : BufferSize;
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        catch (Exception exception)
        {
            return (exception, inRead);
        }
        finally
        {
            lock (_lock)
            {
                _hasEnded = true;
            }

            await _closing.ConfigureAwait(false);
        }
    }

    /// <summary>Puts a Close with status 1001 at the next border. Does not wait.</summary>
    public void AskToClose()
    {
        lock (_lock)
        {
            _isAskedToClose = true;
            if (!_isWriting && !_hasClosed && !_hasEnded && !_sourceHasClosed && _frames.IsAtBorder)
            {
                _hasClosed = true;
                _closing = SendCloseAsync();
            }
        }
    }

    // What of the bytes is to be written: nothing once the gateway has closed, whole frames if it is about to.
    private ReadOnlyMemory<byte> Begin(ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            var whole = _frames.Advance(bytes.Span);
            Volatile.Write(ref _sourceHasClosed, _frames.HasClosed);
            if (_hasClosed)
            {
                return default;
            }

            _isWriting = true;
            _isCut = _isAskedToClose && !_sourceHasClosed && whole >= 0;
            return _isCut ? bytes[..whole] : bytes;
        }
    }

    // True once the gateway and the source have both closed this direction.
    private bool End()
    {
        lock (_lock)
        {
            if (_isWriting && _isAskedToClose && !_sourceHasClosed && (_isCut || _frames.IsAtBorder))
            {
                _hasClosed = true;
                _closing = SendCloseAsync();
            }

            _isWriting = false;
            return _isAskedToClose && _sourceHasClosed;
        }
    }

    private async Task SendCloseAsync()
    {
        // Out of the lock first.
        await Task.Yield();
        try
        {
            await target.WriteAsync(WebSocketFrames.GoingAway(masked: fromClient), clock.Token).ConfigureAwait(false);
            await target.FlushAsync(clock.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // A target that is gone ends the direction that reads from it.
        }
    }
}
