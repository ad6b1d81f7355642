using System.Net;
using GatewayKit.Identity;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity;

public sealed class FailedAttemptsTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1"), Other = IPAddress.Parse("192.0.2.2");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Address_may_fail_as_often_as_the_burst_and_then_at_the_rate()
    {
        var attempts = new FailedAttempts(perMinute: 20, burst: 3, _time);
        Assert.True(attempts.TryCount(One, out _) && attempts.TryCount(One, out _) && attempts.TryCount(One, out _));
        Assert.False(attempts.TryCount(One, out var wait));
        Assert.Equal(TimeSpan.FromSeconds(3), wait);
        Assert.True(attempts.IsOverLimit(One, out _));
        Assert.False(attempts.IsOverLimit(Other, out _));
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.False(attempts.IsOverLimit(One, out _));
        Assert.True(attempts.TryCount(One, out _));
        Assert.False(attempts.TryCount(One, out _));
    }

    [Fact]
    public void Addresses_of_one_host_are_one()
    {
        var attempts = new FailedAttempts(perMinute: 1, burst: 1, _time);
        Assert.True(attempts.TryCount(IPAddress.Parse("2001:db8::1"), out _));
        Assert.True(attempts.IsOverLimit(IPAddress.Parse("2001:db8::2"), out _));
        Assert.False(attempts.IsOverLimit(IPAddress.Parse("2001:db8:0:1::1"), out _));
        Assert.True(attempts.TryCount(One, out _));
        Assert.True(attempts.IsOverLimit(One.MapToIPv6(), out _));
    }

    // A thousand hosts that guess at the limit of each: hardly anybody else is held back by what they share.
    [Fact]
    public void Others_are_not_held_back_by_many_who_guess()
    {
        var attempts = new FailedAttempts(perMinute: 20, burst: 50, _time);
        for (var host = 0; host < 1_000; host++)
        {
            for (var attempt = 0; attempt < 60; attempt++)
            {
                attempts.TryCount(new IPAddress(0x0A000000L + (host << 8)), out _);
            }
        }

        var held = Enumerable.Range(0, 10_000).Count(host => attempts.IsOverLimit(new IPAddress(0xC0A80000L + host), out _));
        Assert.InRange(held, 0, 150);
    }

    [Fact]
    public async Task Parallel_attempts_are_all_counted()
    {
        var attempts = new FailedAttempts(perMinute: 1, burst: 100, _time);
        var counted = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                if (attempts.TryCount(One, out var _))
                {
                    Interlocked.Increment(ref counted);
                }
            }
        })));
        Assert.Equal(100, counted);
    }

    [Fact]
    public void None_are_counted_at_a_rate_of_zero()
    {
        var attempts = new FailedAttempts(perMinute: 0, burst: 1, _time);
        Assert.True(attempts.TryCount(One, out _) && attempts.TryCount(One, out _) && !attempts.IsOverLimit(One, out _));
    }

    [Fact]
    public void Who_has_no_address_is_counted_together()
    {
        var attempts = new FailedAttempts(perMinute: 1, burst: 1, _time);
        Assert.True(attempts.TryCount(null, out _));
        Assert.True(attempts.IsOverLimit(null, out _));
    }

    [Fact]
    public void Attempt_that_is_given_back_was_none()
    {
        var attempts = new FailedAttempts(perMinute: 20, burst: 2, _time);
        for (var i = 0; i < 100; i++)
        {
            Assert.True(attempts.TryCount(One, out var first, out _));
            Assert.True(attempts.TryCount(One, out var second, out _));
            Assert.False(attempts.TryCount(One, out var none, out _));
            attempts.GiveBack(none);
            Assert.False(attempts.TryCount(One, out _));
            attempts.GiveBack(first);
            attempts.GiveBack(second);
            _time.Advance(TimeSpan.FromMilliseconds(i));
        }

        Assert.True(attempts.TryCount(One, out _) && attempts.TryCount(One, out _));
        Assert.False(attempts.TryCount(One, out _));
    }

    [Fact]
    public void Nothing_of_others_is_given_back()
    {
        var attempts = new FailedAttempts(perMinute: 1, burst: 1, _time);
        var others = Enumerable.Range(0, 20_000).Select(static host => new IPAddress(0x0A000000L + host)).ToArray();
        Assert.True(attempts.TryCount(One, out var mine, out _));
        var counted = others.Count(address => attempts.TryCount(address, out _));
        var over = others.Count(address => attempts.IsOverLimit(address, out _));
        attempts.GiveBack(mine);
        Assert.InRange(counted, 1, 20_000);
        Assert.InRange(over - others.Count(address => attempts.IsOverLimit(address, out _)), 0, 4);
    }
}
