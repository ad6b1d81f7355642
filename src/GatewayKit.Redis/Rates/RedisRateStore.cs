using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Redis.Rates;

/// <summary>Counts rates in Redis: one script for each step, by the clock of Redis. It fails at once while Redis is away, with <see cref="RedisStoreException"/>.</summary>
internal sealed class RedisRateStore : IRateStore
{
    private readonly RedisLink _link;
    private readonly RedisScript _tokenBucket, _slidingWindow;

    // By reference, so that rules of former configurations are forgotten with them.
    private readonly ConditionalWeakTable<RateRule, RateTerms> _terms = [];

    public RedisRateStore(RedisLink link)
        : this(link, clock: null)
    {
    }

    internal RedisRateStore(RedisLink link, string? clock)
    {
        _link = link;
        _tokenBucket = new("token_bucket", ["TokenBucket.lua"], clock);
        _slidingWindow = new("sliding_window", ["SlidingWindow.lua"], clock);
    }

    /// <inheritdoc/>
    public ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cost);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cost, rule.Burst);
        return StepAsync(key, rule, cost, isNoted: false, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken) =>
        StepAsync(key, rule, Math.Clamp(units, -2L * rule.Burst, 2L * rule.Burst), isNoted: true, cancellationToken);

    /// <summary>Where a rate is kept. What is in braces is all that Redis Cluster looks at: the rates of one partition key are in one place.</summary>
    internal string KeyOf(RateKey key, RateTerms terms)
    {
        Span<byte> input = stackalloc byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(input, key.High);
        BinaryPrimitives.WriteUInt64LittleEndian(input[8..], key.Low);

        // Those that all requests share have nothing to be together for.
        BinaryPrimitives.WriteUInt64LittleEndian(input[16..], key.High is 0 ? key.Rate : 0);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_link.Secret.Span, input, hash);
        return string.Create(CultureInfo.InvariantCulture, $"{_link.KeyPrefix}:{{{Convert.ToHexStringLower(hash[..16])}}}:{key.Rate:x16}:{terms.Name}");
    }

    private ValueTask<RateAnswer> StepAsync(RateKey key, RateRule rule, long units, bool isNoted, CancellationToken cancellationToken)
    {
        var script = rule.Algorithm is RateAlgorithm.SlidingWindow ? _slidingWindow : _tokenBucket;
        return _link.IsUp ? StepAsync() : _link.Refuse<RateAnswer>(script.Name);

        async ValueTask<RateAnswer> StepAsync()
        {
            var terms = _terms.GetValue(rule, RateTerms.Of);
            return terms.Read(await _link.RunAsync(script, KeyOf(key, terms), terms.ArgumentsOf(units, isNoted), cancellationToken).ConfigureAwait(false), units);
        }
    }
}
