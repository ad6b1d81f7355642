using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling;

/// <summary>
/// Finds the allowance of a policy on a route: the same one each time the endpoint is built (A7), so that a reload hands out no fresh bursts.
/// It holds allowances weakly and endpoints hold them firmly: one goes when the last snapshot that uses it does.
/// </summary>
internal sealed class ThrottleAllowances(TimeProvider time, IOptions<ThrottlingOptions> options, ThrottlingMetrics metrics)
{
    private const int FirstSweep = 64;

    private readonly ThrottleClock _clock = new(time);
    private readonly Lock _lock = new();
    private readonly Dictionary<Identity, WeakReference<ThrottleAllowance>> _known = [];
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

    public ThrottleAllowance For(string routeId, ThrottlePolicy policy)
    {
        // The mode is no part of it: what was tried in Shadow goes on in Enforce. A changed rate is another allowance, and starts full.
        var identity = new Identity(
            policy.Partition == ThrottlePartition.Constant ? null : routeId.ToUpperInvariant(),
            policy.RequestsPerSecond,
            policy.Burst,
            policy.Partition);
        lock (_lock)
        {
            if (_known.TryGetValue(identity, out var reference) && reference.TryGetTarget(out var known))
            {
                return known;
            }

            var created = Create(routeId, policy);
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
            ? new SharedAllowance(rate, _clock)
            : new PartitionedAllowance(routeId, policy, rate, _clock, options.Value.MaxKeys, metrics);
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

    private readonly record struct Identity(string? RouteId, double RequestsPerSecond, int Burst, ThrottlePartition Partition);
}
