using System.Net;
using System.Threading.RateLimiting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.RateLimiters;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.RateLimiters;

public sealed class GatewayRateLimiterTests
{
    private static readonly ThrottlePolicy FiveOfSixtyAMinute = new() { Limit = 60, Window = TimeSpan.FromMinutes(1), Burst = 5 };
    private static readonly ThrottlePolicy TenAMinute = new() { Limit = 10, Window = TimeSpan.FromMinutes(1), Algorithm = RateAlgorithm.SlidingWindow };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Burst_is_leased_and_what_comes_then_is_told_when_to_come_again()
    {
        using var limiter = GatewayRateLimiter.Create(FiveOfSixtyAMinute, _time);
        for (var left = 4; left >= 0; left--)
        {
            Assert.True(limiter.AttemptAcquire().IsAcquired);
            Assert.Equal(left, limiter.GetStatistics()!.CurrentAvailablePermits);
        }

        using var refused = limiter.AttemptAcquire();
        Assert.False(refused.IsAcquired);
        Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var wait));
        Assert.Equal(TimeSpan.FromSeconds(1), wait);
        Assert.Equal([MetadataName.RetryAfter.Name], refused.MetadataNames);
        _time.Advance(wait);
        Assert.True(limiter.AttemptAcquire().IsAcquired);
        Assert.Equal((6, 1), (limiter.GetStatistics()!.TotalSuccessfulLeases, limiter.GetStatistics()!.TotalFailedLeases));
    }

    [Fact]
    public async Task Nobody_waits_for_a_lease()
    {
        using var limiter = GatewayRateLimiter.Create(FiveOfSixtyAMinute, _time);
        using var all = await limiter.AcquireAsync(5);
        Assert.True(all.IsAcquired);
        var asked = limiter.AcquireAsync();
        Assert.True(asked.IsCompletedSuccessfully);
        using var refused = await asked;
        Assert.False(refused.IsAcquired);
    }

    [Fact]
    public void Who_asks_for_nothing_learns_whether_there_is_something()
    {
        using var limiter = GatewayRateLimiter.Create(FiveOfSixtyAMinute, _time);
        Assert.True(limiter.AttemptAcquire(0).IsAcquired);
        Assert.True(limiter.AttemptAcquire(5).IsAcquired);
        using var refused = limiter.AttemptAcquire(0);
        Assert.False(refused.IsAcquired);
        Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var wait) && wait == TimeSpan.FromSeconds(1));
        Assert.Equal(0, limiter.GetStatistics()!.CurrentAvailablePermits);
    }

    [Fact]
    public void More_than_there_ever_is_is_the_callers_mistake()
    {
        using var limiter = GatewayRateLimiter.Create(FiveOfSixtyAMinute, _time);
        using var partitioned = GatewayRateLimiter.CreatePartitioned<string>(TenAMinute, static key => key, _time);
        Assert.Throws<ArgumentOutOfRangeException>(() => limiter.AttemptAcquire(6));
        Assert.Throws<ArgumentOutOfRangeException>(() => partitioned.AttemptAcquire("a", 11));
        Assert.True(limiter.AttemptAcquire(5).IsAcquired);
        Assert.True(partitioned.AttemptAcquire("a", 10).IsAcquired);
    }

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 120)]
    public void Idle_is_only_what_is_full_again(bool isWindow, int secondsToFull)
    {
        using var limiter = GatewayRateLimiter.Create(isWindow ? TenAMinute : FiveOfSixtyAMinute, _time);
        Assert.InRange(limiter.IdleDuration!.Value, TimeSpan.Zero, TimeSpan.FromMicroseconds(1));
        limiter.AttemptAcquire(5);
        Assert.Null(limiter.IdleDuration);
        _time.Advance(TimeSpan.FromSeconds(secondsToFull) - TimeSpan.FromMilliseconds(1));
        Assert.True(limiter.IdleDuration is null || limiter.IdleDuration == TimeSpan.Zero);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TimeSpan.Zero, limiter.IdleDuration);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(10), limiter.IdleDuration);
    }

    [Fact]
    public void Keys_have_allowances_of_their_own_and_those_without_a_key_share_one()
    {
        using var limiter = GatewayRateLimiter.CreatePartitioned<string?>(FiveOfSixtyAMinute, static key => key, _time);
        Assert.True(limiter.AttemptAcquire("a", 5).IsAcquired);
        Assert.False(limiter.AttemptAcquire("a").IsAcquired);
        Assert.True(limiter.AttemptAcquire("b", 5).IsAcquired);
        Assert.True(limiter.AttemptAcquire(null, 3).IsAcquired);
        Assert.True(limiter.AttemptAcquire("", 1).IsAcquired);
        Assert.True(limiter.AttemptAcquire(new string('x', 257), 1).IsAcquired);
        Assert.False(limiter.AttemptAcquire(null).IsAcquired);
        Assert.Equal((0, 5), (limiter.GetStatistics("a")!.CurrentAvailablePermits, limiter.GetStatistics("c")!.CurrentAvailablePermits));
    }

    [Fact]
    public void Addresses_of_one_host_share_an_allowance()
    {
        using var limiter = GatewayRateLimiter.CreatePartitioned(FiveOfSixtyAMinute, _time);
        Assert.True(limiter.AttemptAcquire(From("2001:db8::1"), 5).IsAcquired);
        Assert.False(limiter.AttemptAcquire(From("2001:db8::2")).IsAcquired);
        Assert.True(limiter.AttemptAcquire(From("2001:db8:0:1::1")).IsAcquired);
        Assert.True(limiter.AttemptAcquire(From("192.0.2.1"), 5).IsAcquired);
        Assert.False(limiter.AttemptAcquire(From("::ffff:192.0.2.1")).IsAcquired);
        Assert.Contains(nameof(GatewayRateLimiter.Create), Assert.Throws<ArgumentException>(() => GatewayRateLimiter.CreatePartitioned(FiveOfSixtyAMinute with { Partition = ThrottlePartition.Route })).Message);

        static DefaultHttpContext From(string address) => new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
    }

    [Fact]
    public async Task Sixty_four_who_race_for_the_last_one_get_it_once()
    {
        using var limiter = GatewayRateLimiter.Create(FiveOfSixtyAMinute with { Burst = 1 }, _time);
        var leases = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => limiter.AttemptAcquire().IsAcquired)));
        Assert.Single(leases, static isAcquired => isAcquired);
    }

    [Fact]
    public void Settings_are_checked_as_those_of_a_throttle()
    {
        Assert.Throws<OptionsValidationException>(() => GatewayRateLimiter.Create(new() { RequestsPerSecond = 0 }));
        Assert.Contains("MaxDelay", Assert.Throws<ArgumentException>(() => GatewayRateLimiter.Create(new() { RequestsPerSecond = 1, MaxDelay = TimeSpan.FromSeconds(1) })).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => GatewayRateLimiter.CreatePartitioned<string>(TenAMinute, static key => key, maxKeys: 63));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lease_that_is_acquired_allocates_nothing(bool isWindow)
    {
        var policy = isWindow ? TenAMinute with { Limit = 1_000_000 } : FiveOfSixtyAMinute with { Burst = 1_000_000 };
        using var limiter = GatewayRateLimiter.Create(policy, _time);
        using var byText = GatewayRateLimiter.CreatePartitioned<string>(policy, static key => key, _time);
        using var byAddress = GatewayRateLimiter.CreatePartitioned(policy, _time);
        DefaultHttpContext context = new() { Connection = { RemoteIpAddress = IPAddress.Loopback } };
        Assert.Equal(4_000, await AcquireAsync());
        var before = GC.GetAllocatedBytesForCurrentThread();
        var acquired = AcquireAsync();
        var after = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(4_000, await acquired);
        Assert.InRange(after - before, 0, 200);

        // Synchronous to its end, so that all of it is on this thread: its task is all that is allocated.
        async Task<int> AcquireAsync()
        {
            var count = 0;
            for (var i = 0; i < 1_000; i++)
            {
                using var one = limiter.AttemptAcquire();
                using var another = await limiter.AcquireAsync();
                using var text = byText.AttemptAcquire("alice");
                using var address = byAddress.AttemptAcquire(context);
                count += (one.IsAcquired ? 1 : 0) + (another.IsAcquired ? 1 : 0) + (text.IsAcquired ? 1 : 0) + (address.IsAcquired ? 1 : 0);
            }

            return count;
        }
    }

    [Fact]
    public void Refusal_allocates_its_lease_alone()
    {
        using var limiter = GatewayRateLimiter.Create(FiveOfSixtyAMinute, _time);
        limiter.AttemptAcquire(5);
        limiter.AttemptAcquire();
        Assert.Equal(24_000, Allocations.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                limiter.AttemptAcquire();
            }
        }));
    }
}
