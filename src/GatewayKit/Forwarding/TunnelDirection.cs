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
    private bool _isWriting, _isAskedToClose, _hasClosed;
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
                    if (!await PassAsync(buffer.AsMemory(0, read)).ConfigureAwait(false))
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

    // False once both the gateway and the source have closed this direction.
    private async ValueTask<bool> PassAsync(ReadOnlyMemory<byte> bytes)
    {
        bool drops;
        lock (_lock)
        {
            var whole = _frames.Advance(bytes.Span);
            Volatile.Write(ref _sourceHasClosed, _frames.HasClosed);
            drops = _hasClosed;
            if (!drops && _isAskedToClose && !_sourceHasClosed && whole >= 0)
            {
                _hasClosed = true;
                bytes = bytes[..whole];
            }

            _isWriting = !drops;
        }

        if (drops)
        {
            return !_sourceHasClosed;
        }

        if (!bytes.IsEmpty)
        {
            await target.WriteAsync(bytes, clock.Token).ConfigureAwait(false);
            await target.FlushAsync(clock.Token).ConfigureAwait(false);
            clock.Moved();
        }

        lock (_lock)
        {
            _isWriting = false;
            if (_isAskedToClose && (_hasClosed || (_frames.IsAtBorder && !_sourceHasClosed)))
            {
                _hasClosed = true;
                _closing = SendCloseAsync();
            }

            return !(_isAskedToClose && _sourceHasClosed);
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
