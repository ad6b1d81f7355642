using GatewayKit.Pipeline;

namespace GatewayKit.WebSockets;

/// <summary>How many WebSockets each endpoint has open. It outlives reloads: a WebSocket does too.</summary>
internal sealed class WebSocketPlaces
{
    /// <summary>When a client that found no place may ask again: a place may be free at any time.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How many endpoints have any open.</summary>
    public int Endpoints
    {
        get
        {
            lock (_lock)
            {
                return _taken.Count;
            }
        }
    }

    /// <param name="key">The <see cref="GatewayEndpoint.StateKey"/>.</param>
    /// <param name="max">How many there are.</param>
    /// <returns>The place, given back by disposing it; <see langword="null"/> if all are taken.</returns>
    public IDisposable? TryTake(string key, int max)
    {
        lock (_lock)
        {
            var taken = _taken.GetValueOrDefault(key);
            if (taken >= max)
            {
                return null;
            }

            _taken[key] = taken + 1;
        }

        return new Place(this, key);
    }

    // With the last place of a key goes its entry: ids come and go with reloads.
    private void GiveBack(string key)
    {
        lock (_lock)
        {
            if (_taken[key] == 1)
            {
                _taken.Remove(key);
            }
            else
            {
                _taken[key]--;
            }
        }
    }

    private sealed class Place(WebSocketPlaces places, string key) : IDisposable
    {
        private WebSocketPlaces? _places = places;

        public void Dispose() => Interlocked.Exchange(ref _places, null)?.GiveBack(key);
    }
}
