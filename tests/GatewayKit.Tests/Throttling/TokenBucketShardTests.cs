using GatewayKit.Throttling;

namespace GatewayKit.Tests.Throttling;

public sealed class TokenBucketShardTests
{
    private const long Second = ThrottleClock.UnitsPerSecond;

    private static readonly ThrottleKey One = new(1, 6);
    private static readonly ThrottleKey Other = new(2, 6);

    // A thread may read the clock, and then wait for the lock while another one goes by a later time.
    [Fact]
    public void Late_thread_gains_nothing_from_its_earlier_time()
    {
        var shard = new TokenBucketShard(new Gcra(requestsPerSecond: 1, burst: 1), maxSlots: 2);
        Assert.True(shard.TryTake(One, place: 0, now: 0, out _, out _, out _));
        Assert.True(shard.TryTake(Other, place: 0, now: Second, out _, out _, out _), "Takes the place of a key that is full again.");
        Assert.True(shard.TryTake(One, place: 0, now: Second - 1, out _, out _, out _));
        Assert.False(shard.TryTake(One, place: 0, now: (2 * Second) - 1, out var wait, out var overflowed, out _));
        Assert.Equal((1, false), (wait, overflowed));
    }

    [Fact]
    public void Key_without_room_is_charged_to_the_shared_allowance_and_leaves_it_there()
    {
        var shard = new TokenBucketShard(new Gcra(requestsPerSecond: 1, burst: 1), maxSlots: 1);
        Assert.True(shard.TryTake(One, place: 0, now: 0, out _, out var overflowed, out _) && !overflowed);
        Assert.True(shard.TryTake(Other, place: 0, now: 0, out _, out overflowed, out _) && overflowed);
        Assert.False(shard.TryTake(new(3, 6), place: 0, now: 0, out var wait, out overflowed, out _));
        Assert.Equal((Second, true), (wait, overflowed));
    }

    [Fact]
    public void What_is_given_back_goes_to_whom_it_was_taken_from()
    {
        var shard = new TokenBucketShard(new Gcra(requestsPerSecond: 1, burst: 1), maxSlots: 1);
        Assert.True(shard.TryTake(One, place: 0, now: 5, out _, out _, out _));
        Assert.True(shard.TryTake(Other, place: 0, now: 5, out _, out var overflowed, out _) && overflowed);
        shard.Return(Other, place: 0, elapsed: 0);
        Assert.False(shard.TryTake(One, place: 0, now: 5, out _, out _, out _));
        Assert.True(shard.TryTake(Other, place: 0, now: 5, out _, out overflowed, out _) && overflowed);
        shard.Return(One, place: 0, elapsed: Second / 2);
        Assert.False(shard.TryTake(One, place: 0, now: 5, out var wait, out _, out _));
        Assert.Equal(Second / 2, wait);
        shard.Return(One, place: 0, elapsed: Second);
        Assert.False(shard.TryTake(One, place: 0, now: 5, out wait, out _, out _));
        Assert.Equal(Second / 2, wait);
    }

    // A slot that says that it was never used ends the search for keys behind it.
    [Fact]
    public void A_key_that_gave_everything_back_does_not_hide_those_behind_it()
    {
        var shard = new TokenBucketShard(new Gcra(requestsPerSecond: 1, burst: 1), maxSlots: 4);
        Assert.True(shard.TryTake(One, place: 0, now: 0, out _, out _, out _));
        Assert.True(shard.TryTake(Other, place: 0, now: 0, out _, out _, out _));
        shard.Return(One, place: 0, elapsed: 0);
        Assert.False(shard.TryTake(Other, place: 0, now: 0, out _, out _, out _));
    }
}
