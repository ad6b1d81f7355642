using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling;

/// <summary>
/// Finds the allowance of a policy on a route: the same one each time the endpoint is built (A7), so that a reload hands out no fresh bursts.
/// It holds allowances weakly and endpoints hold them firmly: one goes when the last snapshot that uses it does.
/// </summary>
internal sealed class ThrottleAllowances(TimeProvider time, IOptions<ThrottlingOptions> options, ThrottlingMetrics metrics)
{
    private const int FirstSweep = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<Identity, WeakReference<ThrottleAllowance>> _known = [];
    private int _sweepAt = FirstSweep;

    public ThrottleClock Clock { get; } = new(time);

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

    public ThrottleAllowance For(GatewayEndpoint endpoint, ThrottlePolicy policy) => For(endpoint.StateKey, policy, endpoint.RouteId);

    /// <param name="key">What is told apart.</param>
    /// <param name="policy">What is asked for.</param>
    /// <param name="routeId">Its name in metrics. Default: the key.</param>
    public ThrottleAllowance For(string key, ThrottlePolicy policy, string? routeId = null)
    {
        // The mode is no part of it: what was tried in Shadow goes on in Enforce. A changed rate is another allowance, and starts full.
        var identity = new Identity(
            policy.Partition == ThrottlePartition.Constant ? null : key.ToUpperInvariant(),
            policy.RequestsPerSecond,
            policy.Burst,
            policy.Partition);
        lock (_lock)
        {
            if (_known.TryGetValue(identity, out var reference) && reference.TryGetTarget(out var known))
            {
                return known;
            }

            var created = Create(routeId ?? key, policy);
            _known[identity] = new(created);
            if (_known.Count > _sweepAt)
            {
                Sweep();
            }

            return created;
        }
    }

    private ThrottleAllowance Create(string routeId, ThrottlePolicy policy)
    {
        var rate = new Gcra(policy.RequestsPerSecond, policy.Burst);
        return policy.Partition == ThrottlePartition.Route || policy.Partition == ThrottlePartition.Constant
            ? new SharedAllowance(rate, Clock)
            : new PartitionedAllowance(routeId, policy, rate, Clock, options.Value.MaxKeys, metrics);
    }

    // Forgets identities whose allowance is gone, each time their number has doubled.
    private void Sweep()
    {
        foreach (var (identity, reference) in _known)
        {
            if (!reference.TryGetTarget(out _))
            {
                _known.Remove(identity);
            }
        }

        _sweepAt = Math.Max(FirstSweep, 2 * _known.Count);
    }

    private readonly record struct Identity(string? Key, double RequestsPerSecond, int Burst, ThrottlePartition Partition);
}
