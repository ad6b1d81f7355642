namespace GatewayKit.Throttling.Concurrency;

/// <summary>
/// How many requests each caller has in flight. One who has none is not known, so that there are never more callers than requests, and keys that somebody makes up
/// take no memory. In parts, each with a lock for the time of an addition. Safe for concurrent use.
/// </summary>
internal sealed class CallersInFlight
{
    // A power of two.
    private const int PartCount = 16;

    private readonly Part[] _parts = [.. Enumerable.Range(0, PartCount).Select(static _ => new Part())];

    /// <summary>How many callers have something in flight.</summary>
    public int Count => _parts.Sum(static part => part.Count);

    /// <summary>Counts a request, unless its caller has as many as may be.</summary>
    /// <param name="key">The caller.</param>
    /// <param name="max">How many there may be.</param>
    /// <param name="inFlight">How many there are, with this one if it was counted.</param>
    public bool TryEnter(in ThrottleKey key, int max, out int inFlight) => PartOf(key).TryEnter(key, max, out inFlight);

    /// <summary>How many a caller has in flight.</summary>
    public int Of(in ThrottleKey key) => PartOf(key).Of(key);

    /// <summary>One is over.</summary>
    public void Leave(in ThrottleKey key) => PartOf(key).Leave(key);

    private Part PartOf(in ThrottleKey key) => _parts[key.Place & (PartCount - 1)];

    // Addresses are taken as they are, and who has many could choose some that collide in any hash without a secret.
    private sealed class ByPlace : IEqualityComparer<ThrottleKey>
    {
        public bool Equals(ThrottleKey x, ThrottleKey y) => x == y;

        public int GetHashCode(ThrottleKey obj) => (int)(obj.Place >> 32);
    }

    private sealed class Part
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<ThrottleKey, int> _inFlight = new(new ByPlace());

        public int Count
        {
            get
            {
                lock (_lock)
                {
                    return _inFlight.Count;
                }
            }
        }

        public bool TryEnter(in ThrottleKey key, int max, out int inFlight)
        {
            lock (_lock)
            {
                _inFlight.TryGetValue(key, out inFlight);
                if (inFlight >= max)
                {
                    return false;
                }

                _inFlight[key] = ++inFlight;
                return true;
            }
        }

        public int Of(in ThrottleKey key)
        {
            lock (_lock)
            {
                return _inFlight.GetValueOrDefault(key);
            }
        }

        public void Leave(in ThrottleKey key)
        {
            lock (_lock)
            {
                if (_inFlight[key] is > 1 and var inFlight)
                {
                    _inFlight[key] = inFlight - 1;
                }
                else
                {
                    _inFlight.Remove(key);
                }
            }
        }
    }
}
