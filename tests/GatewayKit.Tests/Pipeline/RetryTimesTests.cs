using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Pipeline;

/// <summary>When refused callers are told to come back.</summary>
public sealed class RetryTimesTests
{
    [Theory]
    [InlineData(6, 0, 6)]
    [InlineData(6, 0.5, 7)] // As in the specification: 6 seconds become 7.
    [InlineData(5.2, 0.999, 6)]
    [InlineData(0.01, 0.999, 1)]
    [InlineData(100, 0.5, 105)]
    [InlineData(300, 0.9999999, 330)]
    [InlineData(86_400, 0.5, 86_415)]
    [InlineData(86_400, 0.9999999, 86_430)]
    public void Caller_of_a_limit_waits_up_to_a_tenth_longer_and_half_a_minute_at_most(double wait, double drawn, long told) =>
        Assert.Equal(told, Seconds(RejectionReason.QuotaExceeded, wait, drawn));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.2, 2)]
    [InlineData(0.9999, 5)]
    public void Callers_that_found_no_room_are_spread_over_seconds(double drawn, long told)
    {
        Assert.Equal(told, Seconds(RejectionReason.Overloaded, 1, drawn));
        Assert.Equal(told, Seconds(RejectionReason.LimiterUnavailable, 1, drawn));
    }

    [Fact]
    public void What_is_no_limit_has_its_own_time() => Assert.Equal(30, Seconds(RejectionReason.CircuitOpen, 30, 0.99));

    [Fact]
    public void No_time_is_too_long_or_too_short()
    {
        var times = new RetryTimes(static () => 0.99);
        Assert.Equal(24_855 * 86_400, RetryTimes.ToSeconds(times.Of(new(RejectionReason.Overloaded, retryAfter: TimeSpan.MaxValue))!.Value));
        Assert.Equal(1, RetryTimes.ToSeconds(times.Of(new(RejectionReason.RateLimited, retryAfter: Timeout.InfiniteTimeSpan))!.Value));
        Assert.Equal(int.MaxValue, RetryTimes.ToSeconds(TimeSpan.MaxValue));
    }

    [Fact]
    public void Nobody_is_told_when_waiting_cannot_help() => Assert.Null(new RetryTimes(static () => 0.5).Of(new(RejectionReason.QuotaExceeded)));

    [Fact]
    public void Nobody_is_told_to_come_too_early()
    {
        var random = new Random(7);
        var times = new RetryTimes(random.NextDouble);
        for (var i = 0; i < 10_000; i++)
        {
            var wait = new TimeSpan(random.NextInt64(1, TimeSpan.TicksPerDay));
            var told = TimeSpan.FromSeconds(RetryTimes.ToSeconds(times.Of(new(RejectionReason.RateLimited, retryAfter: wait))!.Value));
            Assert.InRange(told, wait, wait + (wait / 10) + TimeSpan.FromSeconds(1));
            Assert.InRange(told, wait, wait + TimeSpan.FromSeconds(31));
        }
    }

    private static long Seconds(RejectionReason reason, double wait, double drawn) =>
        RetryTimes.ToSeconds(new RetryTimes(() => drawn).Of(new(reason, retryAfter: TimeSpan.FromSeconds(wait)))!.Value);
}
