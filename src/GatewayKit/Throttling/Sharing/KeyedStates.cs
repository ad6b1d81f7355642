namespace GatewayKit.Throttling.Sharing;

/// <summary>
/// States by key, in bounded memory. The keys that there are whatever is sent have places of their own, from where no other one pushes them. Safe to use from any thread.
/// </summary>
internal sealed class KeyedStates<TRate, TState>(TRate rate, ThrottleClock clock, int maxKeys)
    where TRate : struct, IRate<TState>
    where TState : unmanaged
{
    private readonly RateTable<TRate, TState> _table = new(rate, clock, maxKeys);
    private readonly TState[] _fixed = new TState[3];
    private readonly Lock _lock = new();

    /// <summary>The key of what all requests share.</summary>
    public static ThrottleKey Whole { get; } = new(0, 0);

    /// <summary>The key of requests that have nothing to be told apart by.</summary>
    public static ThrottleKey Anonymous { get; } = new(0, 1);

    /// <summary>The key that those share for which there is no room.</summary>
    public static ThrottleKey Overflow { get; } = new(0, 2);

    /// <summary>Whether it is one of those above. No other key has a high half of 0 and such a low one.</summary>
    public static bool IsFixed(ThrottleKey key) => key.High == 0 && key.Low <= Overflow.Low;

    /// <summary>Does something with the state of a key.</summary>
    /// <returns>Whether there was room for the key.</returns>
    public bool TryRun<TStep>(ThrottleKey key, ref TStep step)
        where TStep : struct, IRateStep<TState>
    {
        if (!IsFixed(key))
        {
            return _table.TryRun(key, ref step);
        }

        lock (_lock)
        {
            step.Run(ref _fixed[key.Low], clock.Now);
            return true;
        }
    }

    /// <summary>Those that are in use, at some moment for each.</summary>
    public IEnumerable<KeyValuePair<ThrottleKey, TState>> ToArray()
    {
        lock (_lock)
        {
            return [.. _fixed.Select(static (state, low) => KeyValuePair.Create(new ThrottleKey(0, (ulong)low), state)), .. _table.ToArray()];
        }
    }
}
