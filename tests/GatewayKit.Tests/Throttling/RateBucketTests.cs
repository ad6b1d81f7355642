using GatewayKit.Throttling;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling;

public sealed class RateBucketTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Request_beyond_the_burst_is_told_how_long_to_wait()
    {
        var bucket = Bucket(requestsPerSecond: 10, burst: 2);
        Assert.True(bucket.Take(cost: 1).IsTaken && bucket.Take(cost: 1).IsTaken);
        var wait = WaitOf(bucket);
        Assert.Equal(TimeSpan.FromMilliseconds(100), wait);
    }

    [Fact]
    public void Bucket_refills_by_the_clock_alone()
    {
        var bucket = Bucket(requestsPerSecond: 10, burst: 2);
        Assert.True(bucket.Take(cost: 1).IsTaken && bucket.Take(cost: 1).IsTaken && !bucket.Take(cost: 1).IsTaken);
        _time.Advance(TimeSpan.FromMilliseconds(99.9999));
        var wait = WaitOf(bucket);
        Assert.Equal(TimeSpan.FromTicks(1), wait);
        _time.Advance(wait);
        Assert.True(bucket.Take(cost: 1).IsTaken);
        Assert.False(bucket.Take(cost: 1).IsTaken);
        _time.Advance(TimeSpan.FromDays(1_000));
        Assert.True(bucket.Take(cost: 1).IsTaken && bucket.Take(cost: 1).IsTaken && !bucket.Take(cost: 1).IsTaken);
    }

    [Fact]
    public void Step_of_the_wall_clock_changes_nothing()
    {
        var clock = new SteppedWallClock();
        var bucket = Bucket(requestsPerSecond: 1, burst: 1, clock);
        Assert.True(bucket.Take(cost: 1).IsTaken);
        clock.Wall += TimeSpan.FromHours(1);
        Assert.False(bucket.Take(cost: 1).IsTaken);
    }

    [Theory]
    [InlineData(1_000_000, 10)]
    [InlineData(3, 3_333_334)]
    [InlineData(0.001, 10_000_000_000)]
    public void Wait_is_rounded_up_to_a_tick(double requestsPerSecond, long ticks)
    {
        var bucket = Bucket(requestsPerSecond, burst: 1);
        Assert.True(bucket.Take(cost: 1).IsTaken);
        var wait = WaitOf(bucket);
        Assert.Equal(ticks, wait.Ticks);
        _time.Advance(wait);
        Assert.True(bucket.Take(cost: 1).IsTaken);
    }

    [Fact]
    public void Race_of_sixty_four_admits_exactly_what_there_is()
    {
        const int there = 37;
        using var race = new Race(runners: 64);
        for (var round = 0; round < 200; round++)
        {
            var (bucket, window) = (Bucket(requestsPerSecond: 1, there), Window(there));
            Assert.Equal(there, race.Count(() => bucket.Take(cost: 1).IsTaken));
            Assert.Equal(there, race.Count(() => window.Take(cost: 1).IsTaken));
        }
    }

    [Fact]
    public void Race_for_the_last_unit_has_one_winner_ten_thousand_times()
    {
        using var race = new Race(runners: 64);
        var bucket = Bucket(requestsPerSecond: 1, burst: 1);
        for (var round = 0; round < 10_000; round++)
        {
            Assert.Equal(1, race.Count(() => bucket.Take(cost: 1).IsTaken));
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Sixteen_million_acquires_of_eight_tasks_admit_not_one_too_many()
    {
        const int burst = 5_000_000;
        var bucket = Bucket(requestsPerSecond: 1, burst);
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            var taken = 0;
            for (var i = 0; i < 2_000_000; i++)
            {
                taken += bucket.Take(cost: 1).IsTaken ? 1 : 0;
            }

            return taken;
        })));
        Assert.Equal(burst, taken.Sum());
    }

    [Theory]
    [InlineData(9)]
    [InlineData(7)]
    public void Costs_add_up_and_what_was_given_back_is_there_again(int back)
    {
        var (bucket, window) = (Bucket(requestsPerSecond: 1, burst: 10), Window(10));
        var taken = bucket.Take(cost: 10);
        Assert.Equal((0, 0), (taken.Remaining, window.Take(cost: 10).Remaining));
        bucket.Settle(new(back, Actual: 0, taken.Due));
        window.Settle(new(back, Actual: 0, taken.Due));
        Assert.Equal((back, back), (bucket.Take(cost: 0).Remaining, window.Take(cost: 0).Remaining));
        Assert.False(bucket.Take(back + 1).IsTaken || window.Take(back + 1).IsTaken);
        Assert.True(bucket.Take(back).IsTaken && window.Take(back).IsTaken);
    }

    [Theory]
    [InlineData(10_000_000)]
    [InlineData(1_000_000_000)]
    [InlineData(24_000_000)]
    [InlineData(3_579_545)]
    public void Clock_agrees_with_every_frequency(long frequency)
    {
        var time = new SteppedWallClock { Frequency = frequency };
        var clock = new ThrottleClock(time);
        var start = clock.Now;
        time.Timestamp += frequency * 86_400 * 365;
        Assert.InRange(clock.Now - start - (365 * 86_400 * ThrottleClock.UnitsPerSecond), 0, 1);
        Assert.True(start > 0);
    }

    private RateBucket<Gcra, long> Bucket(double requestsPerSecond, int burst, TimeProvider? time = null) =>
        new(new(new(RateAlgorithm.TokenBucket, requestsPerSecond, TimeSpan.FromSeconds(1), burst)), new ThrottleClock(time ?? _time));

    private RateBucket<SlidingWindow, WindowCount> Window(int limit) =>
        new(new(new(RateAlgorithm.SlidingWindow, limit, TimeSpan.FromMinutes(1), limit)), new ThrottleClock(_time));

    private static TimeSpan WaitOf(RateBucket<Gcra, long> bucket)
    {
        var decision = bucket.Take(cost: 1);
        Assert.False(decision.IsTaken);
        return ThrottleClock.ToTimeSpan(decision.Wait);
    }

    private sealed class SteppedWallClock : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = DateTimeOffset.UnixEpoch;

        public long Timestamp { get; set; }

        public long Frequency { get; init; } = TimeSpan.TicksPerSecond;

        public override long TimestampFrequency => Frequency;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Timestamp;
    }
}
