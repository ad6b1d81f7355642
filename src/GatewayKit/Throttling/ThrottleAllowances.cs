using GatewayKit.Pipeline;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling;

/// <summary>Finds the allowance of a policy on a route, so that a reload hands out no fresh bursts.</summary>
internal sealed class ThrottleAllowances(TimeProvider time, IOptions<ThrottlingOptions> options, ThrottlingMetrics metrics, SharedAllowances shared)
{
    private readonly WeakMap<Identity, ThrottleAllowance> _known = new();

    public ThrottleClock Clock { get; } = new(time);

    /// <summary>How many are known, including some that may be gone.</summary>
    public int Count => _known.Count;

    /// <summary>Those that somebody uses.</summary>
    public IReadOnlyList<ThrottleAllowance> InUse => _known.InUse;

    public ThrottleAllowance For(GatewayEndpoint endpoint, ThrottlePolicy policy) => For(endpoint.StateKey, policy, endpoint.RouteId, endpoint.SharedStateKey(string.Empty));

    /// <param name="key">What is told apart.</param>
    /// <param name="policy">What is asked for.</param>
    /// <param name="routeId">Its name in metrics. Default: the key.</param>
    /// <param name="common">What stands for the key where all share one allowance. Default: nothing.</param>
    public ThrottleAllowance For(string key, ThrottlePolicy policy, string? routeId = null, string common = "")
    {
        // Mode and delay are no part of it: what was tried in Shadow goes on in Enforce. A changed rate is another allowance, and starts full.
        var identity = new Identity(
            policy.Partition.IsConstant ? common : key.ToUpperInvariant(),
            policy.Rule,
            policy.IsSettled ? policy.Unit : null,
            policy.Partition,
            policy.Sharing,
            policy.OnStoreFailure);
        return _known.GetOrAdd(identity, () => policy.Sharing != RateSharing.Local
            ? shared.Create(identity.Key, routeId ?? key, policy, Clock)
            : policy.Algorithm is RateAlgorithm.SlidingWindow
            ? Create<SlidingWindow, WindowCount>(routeId ?? key, policy.Partition, new(policy.Rule))
            : policy.IsSettled ? Create<SettlingGcra, SettledTime>(routeId ?? key, policy.Partition, new(policy.Rule))
            : Create<Gcra, long>(routeId ?? key, policy.Partition, new(policy.Rule, hasTurns: true)));
    }

    private ThrottleAllowance Create<TRate, TState>(string routeId, ThrottlePartition partition, TRate rate)
        where TRate : struct, IRate<TState>
        where TState : unmanaged =>
        partition.Parts.Length == 0
            ? new SharedAllowance<TRate, TState>(rate, Clock)
            : new PartitionedAllowance<TRate, TState>(routeId, partition, rate, Clock, options.Value.MaxKeys, metrics);

    private readonly record struct Identity(string Key, RateRule Rule, object? SettledUnit, ThrottlePartition Partition, RateSharing Sharing, StoreFailureAction OnStoreFailure);
}
