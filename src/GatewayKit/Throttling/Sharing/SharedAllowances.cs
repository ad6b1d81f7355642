using System.Globalization;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Sharing;

/// <summary>Makes the allowances of throttles that instances share.</summary>
internal sealed class SharedAllowances(RateStoreLink link, RateCommits commits, SharingMetrics metrics, ThrottlingMetrics throttling, IOptions<ThrottlingOptions> options)
{
    /// <param name="key">What is told apart, the same in all instances.</param>
    /// <param name="routeId">Its name in telemetry.</param>
    /// <param name="policy">What is asked for.</param>
    /// <param name="clock">The time.</param>
    public ThrottleAllowance Create(string key, string routeId, ThrottlePolicy policy, ThrottleClock clock)
    {
        var (rule, partition, sharing) = (policy.Rule, policy.Partition, policy.Sharing);
        var keys = new RateKeys(Identity(key, policy), partition);
        LocalView view = policy.Algorithm is RateAlgorithm.SlidingWindow ? View<SlidingWindow, WindowCount>(new(rule)) : View<Gcra, long>(new(rule));
        var place = new StoredAllowance.Place(routeId, partition, policy.OnStoreFailure, clock, metrics);
        if (sharing.Mode is RateSharingMode.Synchronous)
        {
            return new SynchronousAllowance(view, link, place);
        }

        if (sharing.Mode is RateSharingMode.Leased)
        {
            return new LeasedAllowance(view, link, place, sharing.Batch ?? Math.Max(1, rule.Burst / 10), options.Value.MaxKeys);
        }

        metrics.Shared(routeId, policy.EffectiveName, new(rule, sharing.Interval));
        return new AsynchronousAllowance(view, link, place);

        KeyedLocalView<TRate, TState> View<TRate, TState>(TRate rate)
            where TRate : struct, ISharedRate<TState>
            where TState : unmanaged =>
            new(routeId, partition, rate, rule, keys, clock, options.Value.MaxKeys, commits, sharing.Interval, throttling);
    }

    private static string Identity(string key, ThrottlePolicy policy)
    {
        var rule = policy.Rule;
        return string.Create(CultureInfo.InvariantCulture, $"{key}\n{policy.Partition.Identity}\n{rule.Algorithm}\n{rule.Limit:R}\n{rule.Window.Ticks}\n{rule.Burst}")
            + (policy.IsSettled ? $"\n{policy.Unit}" : null);
    }
}
