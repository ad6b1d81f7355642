namespace GatewayKit.Clusters;

/// <summary>
/// How a destination is used now: the requests it has, those that wait for a connection to it, and whether it is to get more. Settings that change leave
/// it alone: the states of one destination before and after share it, whichever of them a request or an order came by.
/// </summary>
internal sealed class DestinationUse
{
    private int _inFlight;
    private volatile bool _isDraining, _isDrained, _hasLeft;
    private ConnectionQueue? _queue;

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Whether it gets no new requests but those of sessions that are bound to it.</summary>
    public bool IsDraining => _isDraining;

    /// <summary>Whether it gets none at all: its time to drain is over.</summary>
    public bool IsDrained => _isDrained;

    /// <summary>Where requests wait when more are in flight than may be connected. Made by the first one.</summary>
    public ConnectionQueue Queue => Volatile.Read(ref _queue) ?? Interlocked.CompareExchange(ref _queue, new(this), null) ?? _queue;

    public void Begin() => Interlocked.Increment(ref _inFlight);

    public void End()
    {
        Interlocked.Decrement(ref _inFlight);
        if (Volatile.Read(ref _queue) is { Waiting: > 0 } queue)
        {
            queue.Next();
        }
    }

    /// <summary>Whether it drains because it was gone, and not because somebody said so.</summary>
    public bool HasLeft => _hasLeft;

    public void Drain(bool hasLeft = false) => (_hasLeft, _isDraining, _isDrained) = (hasLeft, true, false);

    public void Undrain() => (_hasLeft, _isDraining, _isDrained) = (false, false, false);

    /// <summary>The time to drain is over.</summary>
    /// <returns>Whether it was not before.</returns>
    public bool EndDrain()
    {
        var isFirst = !_isDrained;
        _isDrained = true;
        return isFirst;
    }
}
