using System.Collections.Concurrent;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>
/// What is known of callers' tokens. Bounded: there are two halves, and when the younger is full the older one goes; what is used of it is young again. Safe for concurrent use.
/// </summary>
/// <param name="most">How many it keeps.</param>
internal sealed class TokenCache<TValue>(int most)
    where TValue : class
{
    private readonly Lock _lock = new();
    private readonly int _half = most / 2;
    private volatile Halves _halves = new([], []);
    private int _count;

    /// <summary>How many are kept.</summary>
    public int Count => _halves.Young.Count + _halves.Old.Count;

    /// <summary>What is kept of a token; <see langword="null"/> if nothing is.</summary>
    public TValue? Find(in TokenHash token)
    {
        var halves = _halves;
        return halves.Young.TryGetValue(token, out var value) ? value
            : halves.Old.ContainsKey(token) ? Use(token)
            : null;
    }

    /// <summary>What is kept of a token, made if nothing is.</summary>
    public TValue GetOrAdd<TState>(in TokenHash token, TState state, Func<TState, TValue> create)
    {
        if (_halves.Young.TryGetValue(token, out var value))
        {
            return value;
        }

        lock (_lock)
        {
            if (!_halves.Young.TryGetValue(token, out value))
            {
                Put(token, value = _halves.Old.TryGetValue(token, out var old) ? old : create(state));
            }

            return value;
        }
    }

    /// <summary>Keeps something in place of what was kept.</summary>
    public void Set(in TokenHash token, TValue value)
    {
        lock (_lock)
        {
            Put(token, value);
        }
    }

    /// <summary>Forgets a token.</summary>
    public void Remove(in TokenHash token)
    {
        lock (_lock)
        {
            _halves.Old.TryRemove(token, out _);
            if (_halves.Young.TryRemove(token, out _))
            {
                _count--;
            }
        }
    }

    private TValue? Use(in TokenHash token)
    {
        lock (_lock)
        {
            if (!_halves.Young.TryGetValue(token, out var value) && _halves.Old.TryGetValue(token, out value))
            {
                Put(token, value);
            }

            return value;
        }
    }

    private void Put(in TokenHash token, TValue value)
    {
        if (!_halves.Young.ContainsKey(token))
        {
            if (_count >= _half)
            {
                _count = 0;
                _halves = new([], _halves.Young);
            }

            _count++;
        }

        // One that is older must not come back when this one is forgotten.
        _halves.Young[token] = value;
        _halves.Old.TryRemove(token, out _);
    }

    private sealed record Halves(ConcurrentDictionary<TokenHash, TValue> Young, ConcurrentDictionary<TokenHash, TValue> Old);
}
