using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// Finds a bulkhead by who it belongs to: the same one each time an endpoint or a cluster is built, so that a reload forgets nobody who is in flight.
/// It holds them weakly; endpoints, clusters and requests hold them firmly.
/// </summary>
internal sealed class Bulkheads(TimeProvider time)
{
    private const int FirstSweep = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, WeakReference<Bulkhead>> _known = new(StringComparer.OrdinalIgnoreCase);
    private int _sweepAt = FirstSweep;

    public Bulkhead For(GatewayEndpoint endpoint, BulkheadPolicy policy) =>
        policy.Name is { } name ? Find($"name {name}", name, isCluster: false) : Find(endpoint.StateKey, endpoint.RouteId, isCluster: false);

    public Bulkhead ForCluster(string clusterId) => Find($"cluster {clusterId}", clusterId, isCluster: true);

    /// <summary>Those that somebody uses.</summary>
    public IReadOnlyList<Bulkhead> InUse
    {
        get
        {
            lock (_lock)
            {
                return [.. _known.Values.Select(static reference => reference.TryGetTarget(out var bulkhead) ? bulkhead : null).OfType<Bulkhead>()];
            }
        }
    }

    private Bulkhead Find(string key, string name, bool isCluster)
    {
        lock (_lock)
        {
            if (_known.TryGetValue(key, out var reference) && reference.TryGetTarget(out var known))
            {
                return known;
            }

            var created = new Bulkhead(name, isCluster, time);
            _known[key] = new(created);
            if (_known.Count > _sweepAt)
            {
                Sweep();
            }

            return created;
        }
    }

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
