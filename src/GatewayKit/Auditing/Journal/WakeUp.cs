namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Wakes one thread. Waking one that is awake costs a look at a field, which is what the path of a request pays for most of the time; waking one that sleeps costs some microseconds. What has
/// a moment's time therefore does not wake a thread that only naps: it comes back by itself.
/// </summary>
internal sealed class WakeUp : IDisposable
{
    private const int Awake = 0;
    private const int Napping = 1;
    private const int Asleep = 2;

    private readonly ManualResetEventSlim _signal = new(initialState: false, spinCount: 0);
    private int _rest, _isPoked;

    /// <summary>Wakes the thread.</summary>
    public void Set() => SetFrom(Napping);

    /// <summary>Wakes the thread unless it naps.</summary>
    public void SetSoon() => SetFrom(Asleep);

    /// <summary>Wakes the thread although there may be nothing to see for it, or keeps it from falling asleep: it looks at the clock again.</summary>
    public void Poke()
    {
        Volatile.Write(ref _isPoked, 1);
        Set();
    }

    /// <summary>Sleeps until somebody calls <see cref="Set"/> or <see cref="SetSoon"/>, or the time is over.</summary>
    /// <param name="limit">How long at most; <see cref="TimeSpan.MaxValue"/> if nothing is due.</param>
    /// <param name="hasWork">Looked at once more when the thread counts as asleep already.</param>
    /// <param name="state">What it looks at.</param>
    public void Sleep<T>(TimeSpan limit, Func<T, bool> hasWork, T state) => Rest(Asleep, limit, hasWork, state);

    /// <summary>Sleeps until somebody calls <see cref="Set"/>, or the time is over.</summary>
    /// <param name="limit">How long at most.</param>
    /// <param name="hasWork">Looked at once more when the thread counts as asleep already: whether there is work that cannot wait so long.</param>
    /// <param name="state">What it looks at.</param>
    public void Nap<T>(TimeSpan limit, Func<T, bool> hasWork, T state) => Rest(Napping, limit, hasWork, state);

    public void Dispose() => _signal.Dispose();

    private void SetFrom(int rest)
    {
        // The fence: what the caller has left for the thread is seen by it, or the thread is seen to sleep.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _rest) >= rest && Interlocked.Exchange(ref _rest, Awake) is not Awake)
        {
            _signal.Set();
        }
    }

    private void Rest<T>(int rest, TimeSpan limit, Func<T, bool> hasWork, T state)
    {
        _signal.Reset();
        Interlocked.Exchange(ref _rest, rest);
        if (Interlocked.Exchange(ref _isPoked, 0) is 0 && !hasWork(state))
        {
            // Rounded up: a thread that wakes a little too early has to sleep again.
            _signal.Wait((int)Math.Clamp(Math.Ceiling(limit.TotalMilliseconds), 0, int.MaxValue));
        }

        Volatile.Write(ref _rest, Awake);
    }
}
