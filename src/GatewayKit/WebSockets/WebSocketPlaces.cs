using System.Collections.Concurrent;

namespace GatewayKit.WebSockets;

/// <summary>How many WebSockets each route has open. It outlives reloads: a WebSocket does too.</summary>
internal sealed class WebSocketPlaces
{
    /// <summary>When a client that found no place may ask again: a place may be free at any time.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Route> _routes = new(StringComparer.OrdinalIgnoreCase);

    /// <returns>The place, given back by disposing it; <see langword="null"/> if all are taken.</returns>
    public IDisposable? TryTake(string routeId, int max) => _routes.GetOrAdd(routeId, static _ => new()).TryTake(max);

    private sealed class Route
    {
        private int _taken;

        public IDisposable? TryTake(int max)
        {
            if (Interlocked.Increment(ref _taken) <= max)
            {
                return new Place(this);
            }

            Interlocked.Decrement(ref _taken);
            return null;
        }

        private sealed class Place(Route route) : IDisposable
        {
            private Route? _route = route;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _route, null) is { } route)
                {
                    Interlocked.Decrement(ref route._taken);
                }
            }
        }
    }
}
