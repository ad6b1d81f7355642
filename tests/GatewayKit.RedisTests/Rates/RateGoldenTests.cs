using GatewayKit.Redis.Rates;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.RedisTests.Rates;

/// <summary>What rates are known to do, by the scripts of the server.</summary>
public sealed class RateGoldenTests(RedisServer server) : IClassFixture<RedisServer>
{
    private const long Second = 1_000_000;
    private const long Start = 1_773_144_000 * Second;

    private readonly string _key = Guid.NewGuid().ToString();

    [Fact]
    public async Task Token_bucket_gives_its_burst_and_then_a_unit_each_interval()
    {
        var rule = new RateRule(RateAlgorithm.TokenBucket, Limit: 60, TimeSpan.FromMinutes(1), Burst: 5);
        for (var remaining = 4; remaining >= 0; remaining--)
        {
            Assert.Equal((true, remaining), Brief(await TakeAsync(rule, 1, Start)));
        }

        var refused = await TakeAsync(rule, 1, Start);
        Assert.Equal((false, 0L, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)), (refused.IsAdmitted, refused.Remaining, refused.Wait, refused.Next, refused.FullAfter));
        Assert.Equal((true, 0), Brief(await TakeAsync(rule, 1, Start + Second)));
        Assert.Equal((true, 4), Brief(await TakeAsync(rule, 1, Start + (10 * Second))));
    }

    [Fact]
    public async Task Sliding_window_weighs_the_window_before()
    {
        var rule = new RateRule(RateAlgorithm.SlidingWindow, Limit: 10, TimeSpan.FromMinutes(1), Burst: 10);
        await TakeAsync(rule, 10, Start);
        Assert.False((await TakeAsync(rule, 1, Start + (60 * Second))).IsAdmitted);
        Assert.True((await TakeAsync(rule, 4, Start + (86 * Second))).IsAdmitted);
        Assert.True((await TakeAsync(rule, 1, Start + (90 * Second))).IsAdmitted);
        Assert.Equal(TimeSpan.FromSeconds(6), (await TakeAsync(rule, 1, Start + (90 * Second))).Wait);
    }

    [Fact]
    public async Task Full_sliding_window_is_waited_for_beyond_its_end()
    {
        var rule = new RateRule(RateAlgorithm.SlidingWindow, Limit: 10, TimeSpan.FromMinutes(1), Burst: 10);
        await TakeAsync(rule, 10, Start + (30 * Second));
        Assert.Equal(TimeSpan.FromSeconds(36), (await TakeAsync(rule, 1, Start + (30 * Second))).Wait);
    }

    [Theory]
    [InlineData(RateAlgorithm.TokenBucket)]
    [InlineData(RateAlgorithm.SlidingWindow)]
    public async Task Cost_of_nothing_asks_and_takes_nothing(RateAlgorithm algorithm)
    {
        var rule = new RateRule(algorithm, Limit: 10, TimeSpan.FromMinutes(1), Burst: 10);
        Assert.Equal((true, 10), Brief(await TakeAsync(rule, 0, Start)));
        Assert.False(await server.Database.KeyExistsAsync(_key));
        await TakeAsync(rule, 3, Start);
        Assert.Equal((true, 7), Brief(await TakeAsync(rule, 0, Start)));
    }

    [Theory]
    [InlineData(RateAlgorithm.TokenBucket)]
    [InlineData(RateAlgorithm.SlidingWindow)]
    public async Task What_is_refused_changes_nothing(RateAlgorithm algorithm)
    {
        var rule = new RateRule(algorithm, Limit: 10, TimeSpan.FromMinutes(1), Burst: 10);
        await TakeAsync(rule, 8, Start);
        var before = await server.Database.StringGetAsync(_key);
        Assert.False((await TakeAsync(rule, 3, Start)).IsAdmitted);
        Assert.Equal(before, await server.Database.StringGetAsync(_key));
        Assert.True((await TakeAsync(rule, 2, Start)).IsAdmitted);
    }

    [Theory]
    [InlineData(RateAlgorithm.TokenBucket)]
    [InlineData(RateAlgorithm.SlidingWindow)]
    public async Task What_was_taken_elsewhere_is_noted_and_nobody_owes_more_than_another_burst(RateAlgorithm algorithm)
    {
        var rule = new RateRule(algorithm, Limit: 10, TimeSpan.FromMinutes(1), Burst: 10);
        Assert.True((await AddAsync(rule, 15, Start)).IsAdmitted);
        Assert.False((await TakeAsync(rule, 1, Start)).IsAdmitted);
        Assert.Equal(0, (await AddAsync(rule, 1_000, Start)).Remaining);
        Assert.Equal((true, 5), Brief(await AddAsync(rule, -15, Start)));
        Assert.Equal((true, 10), Brief(await AddAsync(rule, -15, Start)));
    }

    // Rounded to microseconds or to floating point, a unit of 1.000017 would be 1 or 2.
    [Fact]
    public async Task Rate_of_nearly_a_million_a_second_is_kept_to_the_unit()
    {
        const int PerSecond = 999_983;
        var rule = new RateRule(RateAlgorithm.TokenBucket, PerSecond, TimeSpan.FromSeconds(1), Burst: 2_000);
        var (taken, now) = ((await TakeAsync(rule, 2_000, Start)).Remaining, Start);
        for (var step = 0; step < 2_000; step++)
        {
            now += 1_000;
            var left = (await TakeAsync(rule, 0, now)).Remaining;
            Assert.True((await TakeAsync(rule, left, now)).IsAdmitted);
            taken += left;
        }

        // A unit that is not whole yet.
        Assert.InRange(taken, (2 * PerSecond) - 3, 2 * PerSecond);
    }

    [Theory]
    [InlineData(RateAlgorithm.TokenBucket, 1)]
    [InlineData(RateAlgorithm.TokenBucket, 1_000_000)]
    [InlineData(RateAlgorithm.SlidingWindow, 1)]
    [InlineData(RateAlgorithm.SlidingWindow, 1_000_000)]
    public async Task Year_is_waited_for_to_the_moment(RateAlgorithm algorithm, int limit)
    {
        var rule = new RateRule(algorithm, limit, TimeSpan.FromDays(365), limit);
        Assert.True((await TakeAsync(rule, limit, Start)).IsAdmitted);
        var wait = (await TakeAsync(rule, 1, Start)).Wait;

        // A millionth of the window is told to 14 milliseconds.
        var moment = algorithm is RateAlgorithm.SlidingWindow ? 15_000 : 1;
        Assert.False((await TakeAsync(rule, 1, Start + (long)wait.TotalMicroseconds - moment)).IsAdmitted);
        Assert.True((await TakeAsync(rule, 1, Start + (long)wait.TotalMicroseconds)).IsAdmitted);
    }

    // Refusals that write nothing would see the clock step back anew each time, and wait until the old time has come.
    [Theory]
    [InlineData(RateAlgorithm.TokenBucket)]
    [InlineData(RateAlgorithm.SlidingWindow)]
    public async Task Clock_that_was_years_ahead_costs_two_windows_at_most(RateAlgorithm algorithm)
    {
        var rule = new RateRule(algorithm, Limit: 10, TimeSpan.FromMinutes(1), Burst: 10);
        await TakeAsync(rule, 10, Start + (100_000_000 * Second));
        Assert.False((await TakeAsync(rule, 1, Start)).IsAdmitted);
        Assert.True((await TakeAsync(rule, 10, Start + (120 * Second))).IsAdmitted);
    }

    [Fact]
    public async Task Clock_that_steps_back_by_a_moment_forgives_no_debt()
    {
        var rule = new RateRule(RateAlgorithm.TokenBucket, Limit: 10, TimeSpan.FromMinutes(1), Burst: 10);
        await AddAsync(rule, 20, Start);
        var refused = await TakeAsync(rule, 1, Start - 1);
        Assert.Equal((false, TimeSpan.FromMinutes(2)), (refused.IsAdmitted, refused.FullAfter));
    }

    private static (bool IsAdmitted, long Remaining) Brief(RateAnswer answer) => (answer.IsAdmitted, answer.Remaining);

    private Task<RateAnswer> TakeAsync(RateRule rule, long cost, long now) => new RateScripts(server.Database).StepAsync(_key, rule, RateTerms.Of(rule), cost, isNoted: false, now);

    private Task<RateAnswer> AddAsync(RateRule rule, long units, long now) => new RateScripts(server.Database).StepAsync(_key, rule, RateTerms.Of(rule), units, isNoted: true, now);
}
