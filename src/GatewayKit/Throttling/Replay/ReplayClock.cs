namespace GatewayKit.Throttling.Replay;

/// <summary>
/// Time as the records tell it, for dates and for spans. It stands until it is moved, and never goes back. Timers go off on the way, in the order in which they are due.
/// Used by one thread at a time.
/// </summary>
internal sealed class ReplayClock : TimeProvider
{
    private readonly PriorityQueue<Timer, (long Due, long Order)> _timers = new();
    private long _now = DateTimeOffset.UnixEpoch.UtcTicks;

    // Spans are counted from the first record: the clock of throttles lasts for 18 years.
    private long _origin = DateTimeOffset.UnixEpoch.UtcTicks - TimeSpan.TicksPerSecond;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>When the next timer goes off; <see langword="null"/> if there is none.</summary>
    public DateTimeOffset? NextTimer
    {
        get
        {
            while (_timers.TryPeek(out var timer, out var at))
            {
                if (timer.Due == at.Due)
                {
                    return new(at.Due, TimeSpan.Zero);
                }

                // It was changed since.
                _timers.Dequeue();
            }

            return null;
        }
    }

    /// <summary>Sets the date of a clock that has not been moved.</summary>
    public void Begin(DateTimeOffset start)
    {
        _origin += start.UtcTicks - _now;
        _now = start.UtcTicks;
    }

    /// <summary>Moves the clock; an earlier time leaves it where it is.</summary>
    public void MoveTo(DateTimeOffset time)
    {
        while (NextTimer is { } due && due <= time)
        {
            var timer = _timers.Dequeue();
            _now = Math.Max(_now, due.UtcTicks);
            timer.GoOff();
        }

        _now = Math.Max(_now, time.UtcTicks);
    }

    public override DateTimeOffset GetUtcNow() => new(_now, TimeSpan.Zero);

    public override long GetTimestamp() => _now - _origin;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => Start(callback, state, dueTime, period);

    /// <summary>Calls back once, after a delay.</summary>
    public void After(TimeSpan delay, TimerCallback callback, object? state) => Start(callback, state, delay, Timeout.InfiniteTimeSpan);

    private Timer Start(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(ReplayClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        /// <summary>When it goes off, in ticks; <see langword="null"/> if it stands still.</summary>
        public long? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            (_period, Due) = (period, dueTime == Timeout.InfiniteTimeSpan ? null : clock._now + dueTime.Ticks);
            if (Due is { } due)
            {
                clock._timers.Enqueue(this, (due, clock._order++));
            }

            return true;
        }

        public void GoOff()
        {
            Change(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan, _period);
            callback(state);
        }

        public void Dispose() => Due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
