using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling;

/// <summary>Finds the allowance of a policy on a route, so that a reload hands out no fresh bursts.</summary>
internal sealed class ThrottleAllowances(TimeProvider time, IOptions<ThrottlingOptions> options, ThrottlingMetrics metrics)
{
    private readonly WeakMap<Identity, ThrottleAllowance> _known = new();

    public ThrottleClock Clock { get; } = new(time);

    /// <summary>How many are known, including some that may be gone.</summary>
    public int Count => _known.Count;

    public ThrottleAllowance For(GatewayEndpoint endpoint, ThrottlePolicy policy) => For(endpoint.StateKey, policy, endpoint.RouteId, endpoint.SharedStateKey(string.Empty));

    /// <param name="key">What is told apart.</param>
    /// <param name="policy">What is asked for.</param>
    /// <param name="routeId">Its name in metrics. Default: the key.</param>
    /// <param name="shared">What stands for the key where all share one allowance. Default: nothing.</param>
    public ThrottleAllowance For(string key, ThrottlePolicy policy, string? routeId = null, string shared = "")
    {
        // The mode is no part of it: what was tried in Shadow goes on in Enforce. A changed rate is another allowance, and starts full.
        var identity = new Identity(
            policy.Partition == ThrottlePartition.Constant ? shared : key.ToUpperInvariant(),
            policy.RequestsPerSecond,
            policy.Burst,
            policy.Partition);
        return _known.GetOrAdd(identity, () => Create(routeId ?? key, policy));
    }

    private ThrottleAllowance Create(string routeId, ThrottlePolicy policy)
    {
        var rate = new Gcra(policy.RequestsPerSecond, policy.Burst);
        return policy.Partition == ThrottlePartition.Route || policy.Partition == ThrottlePartition.Constant
            ? new SharedAllowance(rate, Clock)
            : new PartitionedAllowance(routeId, policy, rate, Clock, options.Value.MaxKeys, metrics);
    }

    private readonly record struct Identity(string Key, double RequestsPerSecond, int Burst, ThrottlePartition Partition);
}
