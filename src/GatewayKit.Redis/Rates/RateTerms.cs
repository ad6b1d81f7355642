using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using StackExchange.Redis;

namespace GatewayKit.Redis.Rates;

/// <summary>What a rule is in Redis: the part of the key that names it, the numbers of its script, and what the script's answers mean.</summary>
internal abstract class RateTerms
{
    /// <summary>What tells the states of two rules apart: another rule starts anew.</summary>
    public abstract string Name { get; }

    /// <summary>Of the script: the rule, then the step.</summary>
    public abstract RedisValue[] ArgumentsOf(long units, bool isNoted);

    /// <summary>What the script has said.</summary>
    public abstract RateAnswer Read(ReadOnlySpan<long> reply, long units);

    public static RateTerms Of(RateRule rule) => rule.Algorithm is RateAlgorithm.SlidingWindow ? new SlidingWindowTerms(rule) : new TokenBucketTerms(rule);

    /// <summary>A span of time, in whole microseconds as the clock of Redis counts.</summary>
    private protected static TimeSpan Microseconds(long count) => new(count * TimeSpan.TicksPerMicrosecond);
}
