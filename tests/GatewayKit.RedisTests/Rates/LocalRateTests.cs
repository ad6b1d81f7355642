using System.Globalization;
using GatewayKit.Redis.Rates;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.RedisTests.Rates;

/// <summary>A rate in Redis is the rate that a gateway counts by itself, wherever the clocks of both can tell it exactly.</summary>
public sealed class LocalRateTests(RedisServer server) : IClassFixture<RedisServer>
{
    private const int Traces = 10_000;
    private const int Steps = 8;
    private const int Together = 2_000;
    private const long UnitsPerMicrosecond = ThrottleClock.UnitsPerSecond / 1_000_000;

    [Fact]
    public Task Token_buckets_are_alike() => WalkAllAsync<Gcra, long>(
        static random =>
        {
            var (interval, limit) = (random.NextInt64(1, 10_000_000), random.Next(1, 1_000));
            return new(RateAlgorithm.TokenBucket, limit, TimeSpan.FromMicroseconds(interval * limit), random.Next(1, 50));
        },
        static rule => new(rule));

    [Fact]
    public Task Sliding_windows_are_alike() => WalkAllAsync<SlidingWindow, WindowCount>(
        static random =>
        {
            var limit = random.Next(1, 50);
            return new(RateAlgorithm.SlidingWindow, limit, TimeSpan.FromMicroseconds(random.NextInt64(1_000, 3_600_000_000)), limit);
        },
        static rule => new(rule));

    private async Task WalkAllAsync<TRate, TState>(Func<Random, RateRule> draw, Func<RateRule, TRate> create)
        where TRate : struct, IRate<TState>
        where TState : unmanaged
    {
        await server.Server.FlushDatabaseAsync();
        var (scripts, refused) = (new RateScripts(server.Database), 0);
        for (var first = 0; first < Traces; first += Together)
        {
            refused += (await Task.WhenAll(Enumerable.Range(first, Together).Select(number => WalkAsync<TRate, TState>(scripts, number, draw, create)))).Sum();
        }

        Assert.InRange(refused, Traces * Steps / 10, Traces * Steps * 9 / 10);
    }

    private static async Task<int> WalkAsync<TRate, TState>(RateScripts scripts, int number, Func<Random, RateRule> draw, Func<RateRule, TRate> create)
        where TRate : struct, IRate<TState>
        where TState : unmanaged
    {
        var random = new Random(number);
        var rule = draw(random);
        var (terms, rate, key) = (RateTerms.Of(rule), create(rule), number.ToString(CultureInfo.InvariantCulture));
        var (state, now, refused) = (default(TState), random.NextInt64(1_000_000_000), 0);
        for (var step = 0; step < Steps; step++)
        {
            var (cost, time) = (random.Next(rule.Burst + 1), now * UnitsPerMicrosecond);
            var isTaken = rate.TryTake(state, time, cost, out state, out var wait);
            var local = RateDecision.Of(rate, state, isTaken, time, wait);
            var shared = await scripts.StepAsync(key, rule, terms, cost, isNoted: false, now);
            Assert.Equal(
                (local.IsTaken, local.Remaining, Rounded(local.Wait), Rounded(local.Next)),
                (shared.IsAdmitted, shared.Remaining, shared.Wait, shared.Next ?? TimeSpan.Zero));
            refused += isTaken ? 0 : 1;
            now += random.Next(4) == 0 ? (long)shared.Wait.TotalMicroseconds : random.NextInt64((long)(2 * rule.Burst * rule.Window.TotalMicroseconds / rule.Limit) + 1);
        }

        return refused;
    }

    // The clock of Redis has whole microseconds.
    private static TimeSpan Rounded(long units) => TimeSpan.FromMicroseconds((units + UnitsPerMicrosecond - 1) / UnitsPerMicrosecond);
}
