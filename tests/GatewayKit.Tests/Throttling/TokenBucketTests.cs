using GatewayKit.Throttling;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling;

public sealed class TokenBucketTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Request_beyond_the_burst_is_told_how_long_to_wait()
    {
        var bucket = Bucket(requestsPerSecond: 10, burst: 2);
        Assert.True(bucket.TryTake(out _, out _) && bucket.TryTake(out _, out _));
        Assert.False(bucket.TryTake(out var wait, out _));
        Assert.Equal(TimeSpan.FromMilliseconds(100), wait);
    }

    [Fact]
    public void Bucket_refills_by_the_clock_alone()
    {
        var bucket = Bucket(requestsPerSecond: 10, burst: 2);
        Assert.True(bucket.TryTake(out _, out _) && bucket.TryTake(out _, out _) && !bucket.TryTake(out _, out _));
        _time.Advance(TimeSpan.FromMilliseconds(99.9999));
        Assert.False(bucket.TryTake(out var wait, out _));
        Assert.Equal(TimeSpan.FromTicks(1), wait);
        _time.Advance(wait);
        Assert.True(bucket.TryTake(out _, out _));
        Assert.False(bucket.TryTake(out _, out _));
        _time.Advance(TimeSpan.FromDays(1_000));
        Assert.True(bucket.TryTake(out _, out _) && bucket.TryTake(out _, out _) && !bucket.TryTake(out _, out _));
    }

    [Fact]
    public void Step_of_the_wall_clock_changes_nothing()
    {
        var clock = new SteppedWallClock();
        var bucket = new TokenBucket(new Gcra(1, 1), new ThrottleClock(clock));
        Assert.True(bucket.TryTake(out _, out _));
        clock.Wall += TimeSpan.FromHours(1);
        Assert.False(bucket.TryTake(out _, out _));
    }

    [Theory]
    [InlineData(1_000_000, 10)]
    [InlineData(3, 3_333_334)]
    [InlineData(0.001, 10_000_000_000)]
    public void Wait_is_rounded_up_to_a_tick(double requestsPerSecond, long ticks)
    {
        var bucket = Bucket(requestsPerSecond, burst: 1);
        Assert.True(bucket.TryTake(out _, out _));
        Assert.False(bucket.TryTake(out var wait, out _));
        Assert.Equal(ticks, wait.Ticks);
        _time.Advance(wait);
        Assert.True(bucket.TryTake(out _, out _));
    }

    [Fact]
    public void Race_of_sixty_four_admits_exactly_the_burst()
    {
        const int burst = 37;
        using var race = new Race(runners: 64);
        for (var round = 0; round < 200; round++)
        {
            var bucket = Bucket(requestsPerSecond: 1, burst);
            Assert.Equal(burst, race.Count(() => bucket.TryTake(out _, out _)));
        }
    }

    [Fact]
    public void Race_for_the_last_unit_has_one_winner()
    {
        using var race = new Race(runners: 64);
        var bucket = Bucket(requestsPerSecond: 1, burst: 1);
        for (var round = 0; round < 200; round++)
        {
            Assert.Equal(1, race.Count(() => bucket.TryTake(out _, out _)));
            _time.Advance(TimeSpan.FromSeconds(1));
        }
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
        time.Timestamp += frequency * 86_400 * 365;
        Assert.Equal(365 * 86_400 * ThrottleClock.UnitsPerSecond, clock.Now);
    }

    private TokenBucket Bucket(double requestsPerSecond, int burst) => new(new Gcra(requestsPerSecond, burst), new ThrottleClock(_time));

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
