using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>
/// The gateway's rates as limiters of <c>System.Threading.RateLimiting</c>: for <c>AddRateLimiter</c> of ASP.NET Core, for Polly's rate limiter strategy, for whatever takes one. They have no
/// timers and no background work, go by a <see cref="TimeProvider"/>, and leases of theirs are nothing to give back. What they refuse carries <see cref="MetadataName.RetryAfter"/>. Nobody waits
/// in them: <see cref="RateLimiter.AcquireAsync"/> answers at once.
/// </summary>
public static class GatewayRateLimiter
{
    private const int DefaultKeys = 100_000;
    private const int MinKeys = 64;
    private const int MaxKeys = 10_000_000;

    private static readonly ThrottlePolicyValidator Validator = new();

    /// <summary>Makes a limiter with one allowance for everybody.</summary>
    /// <param name="policy">The rate. Its partition, cost, name and mode count only where the gateway itself applies it.</param>
    /// <param name="time">The clock. Default <see cref="TimeProvider.System"/>.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    /// <exception cref="ArgumentException">The policy has a <see cref="ThrottlePolicy.MaxDelay"/>.</exception>
    public static RateLimiter Create(ThrottlePolicy policy, TimeProvider? time = null)
    {
        Check(policy);
        var clock = new ThrottleClock(time ?? TimeProvider.System);
        return policy.Algorithm is RateAlgorithm.SlidingWindow
            ? new RateBucketLimiter<SlidingWindow, WindowCount>(new(policy.Rule), policy.Rule, clock)
            : new RateBucketLimiter<Gcra, long>(new(policy.Rule), policy.Rule, clock);
    }

    /// <summary>Makes a limiter of requests, with an allowance for each value of the policy's partition, in bounded memory.</summary>
    /// <param name="policy">The rate of each, and what tells them apart. Its cost, name and mode count only where the gateway itself applies it.</param>
    /// <param name="time">The clock. Default <see cref="TimeProvider.System"/>.</param>
    /// <param name="maxKeys">How many keys are told apart at once, 64 to 10,000,000; further ones share an allowance. Default 100,000.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    /// <exception cref="ArgumentException">The policy has a <see cref="ThrottlePolicy.MaxDelay"/>, or its partition is the same for all requests: that is <see cref="Create"/>.</exception>
    public static PartitionedRateLimiter<HttpContext> CreatePartitioned(ThrottlePolicy policy, TimeProvider? time = null, int maxKeys = DefaultKeys)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var partition = policy.Partition;
        if (partition.Parts.Length == 0)
        {
            throw new ArgumentException($"The partition {partition} is the same for all requests. Take {nameof(Create)}, or another partition.", nameof(policy));
        }

        return CreateBy<HttpContext>(policy, (HttpContext context, out ThrottleKey key) => ThrottleKey.TryRead(context, partition, out key), time, maxKeys);
    }

    /// <summary>Makes a limiter with an allowance for each value of a key, in bounded memory.</summary>
    /// <typeparam name="TResource">What is limited.</typeparam>
    /// <param name="policy">The rate of each. Its partition, cost, name and mode count only where the gateway itself applies it.</param>
    /// <param name="keyOf">
    /// Reads what tells allowances apart, at most 256 characters of it. Where that is <see langword="null"/>, empty or longer, requests share one allowance. For client addresses take
    /// the other overload: it knows which of them belong to one host.
    /// </param>
    /// <param name="time">The clock. Default <see cref="TimeProvider.System"/>.</param>
    /// <param name="maxKeys">How many keys are told apart at once, 64 to 10,000,000; further ones share an allowance. Default 100,000.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    /// <exception cref="ArgumentException">The policy has a <see cref="ThrottlePolicy.MaxDelay"/>.</exception>
    public static PartitionedRateLimiter<TResource> CreatePartitioned<TResource>(
        ThrottlePolicy policy, Func<TResource, string?> keyOf, TimeProvider? time = null, int maxKeys = DefaultKeys)
    {
        ArgumentNullException.ThrowIfNull(keyOf);
        return CreateBy<TResource>(policy, TryRead, time, maxKeys);

        bool TryRead(TResource resource, out ThrottleKey key)
        {
            var text = keyOf(resource);
            var isKey = text is { Length: > 0 and <= PartitionPart.MaxLength };
            key = isKey ? ThrottleKey.Of(text) : default;
            return isKey;
        }
    }

    private static PartitionedRateLimiter<TResource> CreateBy<TResource>(ThrottlePolicy policy, KeyReader<TResource> keys, TimeProvider? time, int maxKeys)
    {
        Check(policy);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxKeys, MinKeys);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxKeys, MaxKeys);
        var clock = new ThrottleClock(time ?? TimeProvider.System);
        return policy.Algorithm is RateAlgorithm.SlidingWindow
            ? new RateTableLimiter<TResource, SlidingWindow, WindowCount>(new(policy.Rule), policy.Rule, keys, clock, maxKeys)
            : new RateTableLimiter<TResource, Gcra, long>(new(policy.Rule), policy.Rule, keys, clock, maxKeys);
    }

    private static void Check(ThrottlePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (Validator.Validate(name: null, policy) is { Failed: true } invalid)
        {
            throw new OptionsValidationException(nameof(ThrottlePolicy), typeof(ThrottlePolicy), invalid.Failures);
        }

        if (policy.MaxDelay > TimeSpan.Zero)
        {
            throw new ArgumentException("MaxDelay is of no use here: nobody waits in this limiter. Remove it.", nameof(policy));
        }
    }
}
