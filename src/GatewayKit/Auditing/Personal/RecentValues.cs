using System.Collections.Concurrent;

namespace GatewayKit.Auditing.Personal;

/// <summary>
/// What was made of values lately. Bounded: there are two halves, and when the younger is full the older one goes; what is used of it is young again. Finding something allocates nothing. Safe for concurrent use.
/// </summary>
/// <param name="most">How many it keeps.</param>
internal sealed class RecentValues<TKey, TValue>(int most)
    where TKey : notnull
    where TValue : class
{
    private volatile Halves _halves = new(new(), new());

    /// <summary>How many are kept.</summary>
    public int Count => _halves.Young.Count + _halves.Old.Count;

    /// <summary>What is kept; <see langword="null"/> if nothing is.</summary>
    public TValue? Find(TKey key)
    {
        var halves = _halves;
        if (halves.Young.TryGetValue(key, out var value))
        {
            return value;
        }

        if (halves.Old.TryGetValue(key, out value))
        {
            Add(key, value);
        }

        return value;
    }

    /// <summary>Keeps something, unless there is something.</summary>
    public void Add(TKey key, TValue value)
    {
        var halves = _halves;
        if (halves.Young.TryAdd(key, value) && Interlocked.Increment(ref halves.Added) >= most / 2)
        {
            Interlocked.CompareExchange(ref _halves, new(new(), halves.Young), halves);
        }
    }

    /// <summary>Forgets something.</summary>
    /// <returns>What was kept.</returns>
    public TValue? Remove(TKey key)
    {
        var halves = _halves;
        halves.Old.TryRemove(key, out var old);
        return halves.Young.TryRemove(key, out var young) ? young : old;
    }

    private sealed class Halves(ConcurrentDictionary<TKey, TValue> young, ConcurrentDictionary<TKey, TValue> old)
    {
        public int Added;

        public ConcurrentDictionary<TKey, TValue> Young => young;

        public ConcurrentDictionary<TKey, TValue> Old => old;
    }
}
