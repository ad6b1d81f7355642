using GatewayKit.Clusters;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace GatewayKit.Forwarding;

/// <summary>
/// The clocks of one exchange and its one cancellation. Each clock notes its error before it cancels, so that timeouts and a client that
/// went away are never mixed up. Clocks are lazy: moving a byte writes one number, and the timer looks at it when it fires.
/// </summary>
internal sealed class ExchangeClock : IDisposable
{
    private const long Off = long.MaxValue;

    // A time that never comes, but one: no other clock takes its place.
    private const long Never = long.MaxValue - 1;

    private readonly ExchangeClocks _pool;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _source = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private CancellationTokenRegistration _clientAbort;
    private HttpContext? _httpContext;
    private long _idleTicks = Off;
    private long _attemptTicks = Off;
    private long _attemptDue = Off;
    private long _totalDue = Off;
    private long _startedAt;
    private long _headTicks;
    private int _run;
    private long _lastMove;
    private long _timerDue = Off;
    private int _waitingFor;
    private int _uploadWaitsFor;
    private int _error;
    private bool _headArrived;
    private bool _running;

    public ExchangeClock(ExchangeClocks pool, TimeProvider time)
    {
        (_pool, _time) = (pool, time);
        _timer = time.CreateDetachedTimer(static state => ((ExchangeClock)state!).OnTimer(), this);
    }

    public CancellationToken Token => _source.Token;

    public TimeProvider Time => _time;

    /// <summary>
    /// How long the destination took to the head of its answer, to now while there is none: without the wait for a connection and the client's upload. <see langword="null"/>
    /// if this process stood still meanwhile, and nobody knows.
    /// </summary>
    public TimeSpan? HeadTime => (_headArrived ? _headTicks : HeadTicks(_time.GetTimestamp())) is >= 0 and var ticks ? _time.GetElapsedTime(0, ticks) : null;

    /// <summary>What is left of the deadline; never less than zero.</summary>
    public TimeSpan TimeLeft =>
        Volatile.Read(ref _totalDue) is not Off and var due ? _time.GetElapsedTime(Math.Min(_time.GetTimestamp(), due), due) : Timeout.InfiniteTimeSpan;

    /// <summary>Why the exchange was cancelled; <see cref="ForwardError.None"/> if it was not.</summary>
    public ForwardError Error => (ForwardError)Volatile.Read(ref _error);

    /// <summary>How long it is that nothing has come from the destination, which is the one that is waited for; zero while another is.</summary>
    public TimeSpan Silence => Culprit() is WaitingFor.UpstreamHead or WaitingFor.UpstreamBody && Volatile.Read(ref _attemptDue) is not Never
        ? _time.GetElapsedTime(Volatile.Read(ref _lastMove))
        : TimeSpan.Zero;

    /// <summary>Whether this process stood still some time since the start: what took too long then says nothing of the destination.</summary>
    public bool StoodStill => _pool.StoodStillSince(_startedAt);

    /// <summary>Whether the host is stopping.</summary>
    public bool HostIsDraining => _pool.IsDraining;

    /// <param name="timeouts">What the cluster grants.</param>
    /// <param name="httpContext">The client's request.</param>
    /// <param name="deadline">When the whole exchange has to be over, as a timestamp. Default: after the cluster's <see cref="ClusterTimeouts.Total"/>.</param>
    /// <returns>A number for this use of the clock, by which <see cref="TryCancel(ForwardError, int)"/> knows it.</returns>
    public int Start(ClusterTimeouts timeouts, HttpContext httpContext, long? deadline = null)
    {
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            _running = true;
            _run++;
            (_startedAt, _headTicks) = (now, 0);
            _lastMove = now;
            _idleTicks = Ticks(timeouts.Idle);
            _attemptTicks = Ticks(timeouts.Attempt);
            _attemptDue = Later(now, _attemptTicks);
            _totalDue = deadline ?? Later(now, Ticks(timeouts.Total));
            _waitingFor = (int)WaitingFor.UpstreamHead;
            _uploadWaitsFor = (int)WaitingFor.Nothing;
            _headArrived = false;
            Arm(now);
        }

        _httpContext = httpContext;
        _clientAbort = httpContext.RequestAborted.UnsafeRegister(static state => ((ExchangeClock)state!).OnRequestAborted(), this);
        return _run;
    }

    /// <summary>There is no connection yet: neither the destination's time runs nor that of standing still. The deadline goes on.</summary>
    public void AttemptWaits()
    {
        lock (_lock)
        {
            Volatile.Write(ref _attemptDue, Never);
        }
    }

    /// <summary>There is a connection: the destination's time begins.</summary>
    public void AttemptBegins()
    {
        var now = _time.GetTimestamp();
        Volatile.Write(ref _lastMove, now);
        lock (_lock)
        {
            if (_running)
            {
                Volatile.Write(ref _attemptDue, Later(now, _attemptTicks));
                Arm(now);
            }
        }
    }

    /// <summary>Waits for a connection, at most so long, or until the exchange is cancelled.</summary>
    public ValueTask<bool> WaitAsync(ConnectionQueue queue, int most, TimeSpan limit) => queue.WaitAsync(most, limit, _time, Token);

    /// <summary>A body is on its way to the destination: until it is there, only standing still counts.</summary>
    public void UploadBegins()
    {
        UploadMoved();
        lock (_lock)
        {
            Volatile.Write(ref _attemptDue, Off);
        }
    }

    /// <summary>A byte of the request's body has moved.</summary>
    public void UploadMoved()
    {
        Volatile.Write(ref _lastMove, _time.GetTimestamp());
        Volatile.Write(ref _uploadWaitsFor, (int)WaitingFor.UpstreamTaking);
    }

    /// <summary>The next byte of the request's body is not there yet.</summary>
    public void UploadWaitsForClient() => Volatile.Write(ref _uploadWaitsFor, (int)WaitingFor.ClientBody);

    /// <summary>The request is sent in full: from here the destination has its time for the head of its answer, if that is not there yet.</summary>
    public void UploadEnds()
    {
        var now = _time.GetTimestamp();
        Volatile.Write(ref _lastMove, now);
        Volatile.Write(ref _uploadWaitsFor, (int)WaitingFor.Nothing);
        lock (_lock)
        {
            if (_running && !_headArrived)
            {
                Volatile.Write(ref _attemptDue, Later(now, _attemptTicks));
                Arm(now);
            }
        }
    }

    /// <summary>The head of the answer is there. With HTTP/2 that may be before the request is sent in full.</summary>
    public void HeadArrived()
    {
        var now = _time.GetTimestamp();
        _headTicks = _headArrived ? _headTicks : HeadTicks(now);
        Volatile.Write(ref _lastMove, now);
        Volatile.Write(ref _waitingFor, (int)WaitingFor.UpstreamBody);
        lock (_lock)
        {
            _headArrived = true;
            Volatile.Write(ref _attemptDue, Off);
        }
    }

    /// <summary>The answer is a stream: besides standing still only this ends it.</summary>
    /// <param name="deadline">A timestamp; <see cref="long.MaxValue"/> for none.</param>
    public void EndsAt(long deadline)
    {
        lock (_lock)
        {
            Volatile.Write(ref _totalDue, deadline);
            if (_running)
            {
                Arm(_time.GetTimestamp());
            }
        }
    }

    /// <summary>The exchange has become a tunnel: only a clock for standing still goes on, and a client that goes away no longer cancels.</summary>
    public void BecomesTunnel(TimeSpan idle)
    {
        _clientAbort.Unregister();
        HeadArrived();
        lock (_lock)
        {
            Volatile.Write(ref _totalDue, Off);
            Volatile.Write(ref _waitingFor, (int)WaitingFor.Tunnel);
            _idleTicks = Ticks(idle);
            Arm(_time.GetTimestamp());
        }
    }

    /// <summary>A byte has moved.</summary>
    public void Moved(WaitingFor next)
    {
        Volatile.Write(ref _lastMove, _time.GetTimestamp());
        Volatile.Write(ref _waitingFor, (int)next);
    }

    /// <summary>A byte has moved in a tunnel.</summary>
    public void Moved() => Volatile.Write(ref _lastMove, _time.GetTimestamp());

    /// <summary>Names what is waited for next; no byte has moved.</summary>
    public void Waits(WaitingFor next) => Volatile.Write(ref _waitingFor, (int)next);

    /// <summary>Completes after a while, or is cancelled.</summary>
    public Task Delay(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, _time, cancellationToken);

    /// <summary>Ends the exchange. The first reason stays.</summary>
    public void Cancel(ForwardError error)
    {
        Interlocked.CompareExchange(ref _error, (int)error, (int)ForwardError.None);
        _source.Cancel();
    }

    /// <summary>The same for a tunnel, which may be ending.</summary>
    public void TryCancel(ForwardError error)
    {
        try
        {
            Cancel(error);
        }
        catch (ObjectDisposedException)
        {
            // It has.
        }
    }

    /// <summary>The same for one who may come after the end, when the clock is another exchange's.</summary>
    public void TryCancel(ForwardError error, int run)
    {
        lock (_lock)
        {
            if (!_running || _run != run)
            {
                return;
            }

            // Noted under the lock: an exchange that ends now does not give this clock to the next one.
            Interlocked.CompareExchange(ref _error, (int)error, (int)ForwardError.None);
        }

        TryCancel(error);
    }

    /// <summary>Ends what is still going on after the answer is complete; nothing failed.</summary>
    public void Cancel() => _source.Cancel();

    /// <summary>Stops the clocks.</summary>
    /// <param name="reusable">Whether nothing uses the token any more.</param>
    public void Stop(bool reusable)
    {
        _clientAbort.Dispose();
        _httpContext = null;
        lock (_lock)
        {
            _running = false;
        }

        // The timer stays armed: when it fires it finds nothing to do, or the next exchange.
        if (reusable && _source.TryReset() && Error is ForwardError.None)
        {
            _pool.Return(this);
        }
        else
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _source.Dispose();
    }

    // A pause is long: what is over sooner cannot have had one. -1 if nobody knows.
    private long HeadTicks(long now)
    {
        var ticks = now - Volatile.Read(ref _lastMove);
        return ticks > _time.TimestampFrequency && StoodStill ? -1 : ticks;
    }

    private static long Later(long now, long ticks) => ticks == Off ? Off : now + ticks;

    private long Ticks(TimeSpan? timeout) =>
        timeout is not { } limit || limit == Timeout.InfiniteTimeSpan ? Off : (long)(limit.TotalSeconds * _time.TimestampFrequency);

    private long IdleDue() => Later(Volatile.Read(ref _lastMove), _idleTicks);

    // The idle clock does not run while the head is waited for: that is the attempt clock's time.
    private long NextDue() => Math.Min(
        Volatile.Read(ref _totalDue),
        Volatile.Read(ref _attemptDue) is not Off and var attemptDue ? attemptDue : IdleDue());

    // Where both directions stand still, a client that owes bytes of its body is to blame: no client shall make a destination look ill.
    private WaitingFor Culprit() => (WaitingFor)Volatile.Read(ref _waitingFor) switch
    {
        (WaitingFor.UpstreamHead or WaitingFor.UpstreamBody) and var answer =>
            (WaitingFor)Volatile.Read(ref _uploadWaitsFor) is not WaitingFor.Nothing and var upload ? upload : answer,
        var other => other,
    };

    private void Arm(long now)
    {
        // Whatever comes after the head is bounded by the idle clock, so one look within that time is enough.
        var due = Math.Min(NextDue(), Later(now, _idleTicks));
        if (due >= _timerDue)
        {
            return;
        }

        _timerDue = due;
        var wait = _time.GetElapsedTime(now, due);

        // A timer takes 49 days at most; a look once a day costs nothing.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 0, 86_400_000)), Timeout.InfiniteTimeSpan);
    }

    private void OnRequestAborted() => Cancel(_pool.CauseOfAbort(_httpContext, Volatile.Read(ref _totalDue)));

    private void OnTimer()
    {
        lock (_lock)
        {
            _timerDue = Off;
            if (!_running)
            {
                return;
            }

            var now = _time.GetTimestamp();
            if (now < NextDue())
            {
                Arm(now);
                return;
            }

            var error = now >= Volatile.Read(ref _totalDue) ? ForwardError.DeadlineExceeded : Culprit() switch
            {
                WaitingFor.UpstreamHead => ForwardError.UpstreamHeadersTimeout,
                WaitingFor.ClientBody => ForwardError.ClientBodyTimeout,
                WaitingFor.ClientTaking => ForwardError.ClientStalled,
                WaitingFor.Tunnel => ForwardError.UpgradeIdleTimeout,
                _ => ForwardError.UpstreamStalled,
            };

            // Noted under the lock: an exchange that ends now sees it and does not give this clock to the next one.
            Interlocked.CompareExchange(ref _error, (int)error, (int)ForwardError.None);
            _running = false;
        }

        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The exchange ended since the lock was left. On a timer's thread an exception would end the process.
        }
    }
}
