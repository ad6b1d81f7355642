using GatewayKit.Pipeline;
using GatewayKit.Resilience.Shedding;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>Finds a bulkhead by who it belongs to, so that a reload forgets nobody who is in flight.</summary>
internal sealed class Bulkheads(TimeProvider time, HostLoad? load = null)
{
    private readonly WeakMap<string, Bulkhead> _known = new(StringComparer.OrdinalIgnoreCase);

    public Bulkhead For(GatewayEndpoint endpoint, BulkheadPolicy policy) =>
        policy.Name is { } name ? Find(endpoint.SharedStateKey($"name {name}"), endpoint.SharedStateKey(name), isCluster: false) : Find(endpoint.StateKey, endpoint.RouteId, isCluster: false);

    public Bulkhead ForCluster(string clusterId) => Find($"cluster {clusterId}", clusterId, isCluster: true);

    /// <summary>Those that somebody uses.</summary>
    public IReadOnlyList<Bulkhead> InUse => _known.InUse;

    private Bulkhead Find(string key, string name, bool isCluster) => _known.GetOrAdd(key, () => new(name, isCluster, time) { Load = load });
}
