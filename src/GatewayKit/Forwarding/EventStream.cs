using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;

namespace GatewayKit.Forwarding;

/// <summary>
/// The body of a <c>text/event-stream</c> that can be asked to end: it then ends behind a whole event, which is where a client that comes back takes
/// up again. Read by one reader, a read of nothing before each.
/// </summary>
internal sealed class EventStream(Stream source, CancellationToken cancellationToken) : ForwardOnlyStream
{
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private readonly Lock _lock = new();
    private EventBorders _borders;
    private bool _isAskedToEnd, _isWaiting, _hasEnded;

    public override bool CanRead => true;

    /// <summary>Asks it to end behind the event that is on its way, at once if none is. Does not wait.</summary>
    public void AskToEnd()
    {
        lock (_lock)
        {
            _isAskedToEnd = true;
            if (!_isWaiting || !_borders.IsAtBorder)
            {
                return;
            }

            _hasEnded = true;
        }

        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!TryWait())
        {
            return 0;
        }

        try
        {
            var read = await source.ReadAsync(buffer, _ending.Token).ConfigureAwait(false);
            return buffer.IsEmpty ? 0 : Take(buffer.Span[..read]);
        }
        catch (OperationCanceledException) when (_hasEnded && !cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            lock (_lock)
            {
                _isWaiting = false;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        _ending.Dispose();
        base.Dispose(disposing);
    }

    private bool TryWait()
    {
        lock (_lock)
        {
            _hasEnded |= _isAskedToEnd && _borders.IsAtBorder;
            _isWaiting = !_hasEnded;
            return _isWaiting;
        }
    }

    // How many of the bytes that came are passed on: none behind the last event that the client is to have.
    private int Take(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_hasEnded)
            {
                return 0;
            }

            var border = _borders.Advance(bytes);
            if (!_isAskedToEnd || border < 0)
            {
                return bytes.Length;
            }

            _hasEnded = true;
            return border;
        }
    }
}
