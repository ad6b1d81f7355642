using System.Net;

namespace GatewayKit.Auditing;

/// <summary>A request that the server has refused.</summary>
/// <param name="Status">What it answered.</param>
/// <param name="Address">The client's.</param>
/// <param name="ConnectionId">The connection's.</param>
internal sealed record Rejection(int Status, IPAddress? Address, string? ConnectionId);

/// <summary>
/// A connection on which the server has refused requests: the first one is told of at once, further ones every ten seconds and when the connection ends, by the last of them and their number. Thread-safe.
/// </summary>
internal sealed class RejectedConnection
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Action<Rejection, long> _write;
    private Rejection? _last;
    private ITimer? _timer;
    private long _untold, _toldAt;
    private bool _isTold, _isClosed;

    /// <param name="time">The clock.</param>
    /// <param name="write">Tells of a refusal, and how many there were since the one told of before.</param>
    /// <param name="closed">Is cancelled when the connection ends.</param>
    public RejectedConnection(TimeProvider time, Action<Rejection, long> write, CancellationToken closed)
    {
        (_time, _write) = (time, write);
        closed.UnsafeRegister(static state => ((RejectedConnection)state!).Close(), this);
    }

    /// <summary>Takes one.</summary>
    public void Add(Rejection rejection)
    {
        lock (_lock)
        {
            (_last, _untold) = (rejection, _untold + 1);
            var since = _time.GetElapsedTime(_toldAt);
            if (!_isTold || _isClosed || since >= Interval)
            {
                Tell();
            }
            else
            {
                _timer ??= _time.CreateDetachedTimer(static state => ((RejectedConnection)state!).Due(), this, Interval - since, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Tell();
        }
    }

    private void Due()
    {
        lock (_lock)
        {
            Tell();
        }
    }

    private void Tell()
    {
        _timer?.Dispose();
        _timer = null;
        if (_untold > 0)
        {
            _write(_last!, _untold);
            (_untold, _toldAt, _isTold) = (0, _time.GetTimestamp(), true);
        }
    }
}
