using GatewayKit.Redis;
using GatewayKit.Redis.Rates;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using StackExchange.Redis;

namespace GatewayKit.RedisTests.Rates;

/// <summary>The scripts of rates by a clock that the test moves.</summary>
internal sealed class RateScripts(IDatabase database)
{
    private static readonly RedisScript TokenBucket = new("token_bucket", ["TokenBucket.lua"], ScriptClock.OfArgument);
    private static readonly RedisScript SlidingWindow = new("sliding_window", ["SlidingWindow.lua"], ScriptClock.OfArgument);

    public async Task<RateAnswer> StepAsync(string key, RateRule rule, RateTerms terms, long units, bool isNoted, long now)
    {
        var script = rule.Algorithm is RateAlgorithm.SlidingWindow ? SlidingWindow : TokenBucket;
        return terms.Read(await script.RunAsync(database, key, [.. terms.ArgumentsOf(units, isNoted), now]), units);
    }
}
