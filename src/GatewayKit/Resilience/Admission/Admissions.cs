using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Admission;

/// <summary>Finds the admission control of an endpoint or cluster, so that a reload forgets nothing. One with other settings is another.</summary>
internal sealed class Admissions(TimeProvider time, Func<double>? random = null)
{
    private readonly WeakMap<Identity, Entry> _known = new();

    /// <summary>Those that somebody uses, by who they belong to.</summary>
    public IEnumerable<(string Name, bool IsCluster, AdmissionControl Control)> InUse =>
        _known.InUse.Select(static entry => (entry.Name, entry.IsCluster, entry.Control));

    public Entry For(GatewayEndpoint endpoint, AdmissionPolicy policy) => Find(endpoint.StateKey, endpoint.RouteId, isCluster: false, policy);

    public Entry ForCluster(string clusterId, AdmissionPolicy policy) => Find($"cluster {clusterId}", clusterId, isCluster: true, policy);

    // The mode is no part of it: what was tried in shadow goes on in force.
    private Entry Find(string key, string name, bool isCluster, AdmissionPolicy policy)
    {
        var settings = policy with { Mode = PolicyMode.Enforce, EnforcePercent = 100 };
        return _known.GetOrAdd(
            new(key.ToUpperInvariant(), settings), () => new(name, isCluster, new(settings, time, random ?? Random.Shared.NextDouble)));
    }

    /// <summary>One of them. Whoever uses it holds this.</summary>
    internal sealed record Entry(string Name, bool IsCluster, AdmissionControl Control);

    private readonly record struct Identity(string Key, AdmissionPolicy Settings);
}
