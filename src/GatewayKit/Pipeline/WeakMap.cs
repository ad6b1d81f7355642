namespace GatewayKit.Pipeline;

/// <summary>
/// Finds state by what it belongs to: the same each time an endpoint is built, which is more than once (A7), so that a reload forgets nothing. It holds
/// what it finds weakly, and whoever uses it holds it firmly: one goes when the last snapshot that uses it does. Safe for concurrent use.
/// </summary>
/// <param name="comparer">Which keys are the same. Default: equal ones.</param>
internal sealed class WeakMap<TKey, TValue>(IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
    where TValue : class
{
    private const int FirstSweep = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, WeakReference<TValue>> _known = new(comparer);
    private int _sweepAt = FirstSweep;

    /// <summary>How many are known, including some that may be gone.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _known.Count;
            }
        }
    }

    /// <summary>Those that somebody uses.</summary>
    public IReadOnlyList<TValue> InUse
    {
        get
        {
            lock (_lock)
            {
                var values = new List<TValue>(_known.Count);
                foreach (var reference in _known.Values)
                {
                    if (reference.TryGetTarget(out var value))
                    {
                        values.Add(value);
                    }
                }

                return values;
            }
        }
    }

    /// <summary>The one of a key, made if there is none.</summary>
    /// <param name="key">What it belongs to.</param>
    /// <param name="create">Makes it, while everyone else waits.</param>
    public TValue GetOrAdd(TKey key, Func<TValue> create)
    {
        lock (_lock)
        {
            if (_known.TryGetValue(key, out var reference) && reference.TryGetTarget(out var known))
            {
                return known;
            }

            var created = create();
            _known[key] = new(created);
            if (_known.Count > _sweepAt)
            {
                Sweep();
            }

            return created;
        }
    }

    // Forgets keys whose state is gone, each time their number has doubled.
    private void Sweep()
    {
        foreach (var (key, reference) in _known)
        {
            if (!reference.TryGetTarget(out _))
            {
                _known.Remove(key);
            }
        }

        _sweepAt = Math.Max(FirstSweep, 2 * _known.Count);
    }
}
