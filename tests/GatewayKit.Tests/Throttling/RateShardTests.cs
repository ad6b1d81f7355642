using GatewayKit.Throttling;

namespace GatewayKit.Tests.Throttling;

public sealed class RateShardTests
{
    private const long Second = ThrottleClock.UnitsPerSecond;

    private static readonly ThrottleKey One = new(1, 6);
    private static readonly ThrottleKey Other = new(2, 6);

    // A thread may read the clock, and then wait for the lock while another one goes by a later time.
    [Fact]
    public void Late_thread_gains_nothing_from_its_earlier_time()
    {
        var shard = Shard(maxSlots: 2);
        Assert.True(Take(shard, One, now: 0).IsTaken);
        Assert.True(Take(shard, Other, now: Second).IsTaken, "Takes the place of a key that is full again.");
        Assert.True(Take(shard, One, now: Second - 1).IsTaken);
        var refused = shard.Take(One, place: 0, cost: 1, now: (2 * Second) - 1);
        Assert.Equal((false, 1, false), (refused.IsTaken, refused.Wait, refused.IsOverflow));
    }

    [Fact]
    public void Key_without_room_is_charged_to_the_shared_allowance_and_leaves_it_there()
    {
        var shard = Shard(maxSlots: 1);
        Assert.True(shard.Take(One, place: 0, cost: 1, now: 0) is { IsTaken: true, IsOverflow: false });
        Assert.True(shard.Take(Other, place: 0, cost: 1, now: 0) is { IsTaken: true, IsOverflow: true });
        var refused = shard.Take(new(3, 6), place: 0, cost: 1, now: 0);
        Assert.Equal((false, Second, true), (refused.IsTaken, refused.Wait, refused.IsOverflow));
    }

    [Fact]
    public void What_is_given_back_goes_to_whom_it_was_taken_from()
    {
        var shard = Shard(maxSlots: 1);
        Assert.True(Take(shard, One, now: Second).IsTaken);
        Assert.True(shard.Take(Other, place: 0, cost: 1, now: Second) is { IsTaken: true, IsOverflow: true });
        shard.Settle(Other, place: 0, new(1, Actual: 0, Second, IsOverflow: true), now: Second);
        Assert.False(Take(shard, One, now: Second).IsTaken);
        Assert.True(shard.Take(Other, place: 0, cost: 1, now: Second) is { IsTaken: true, IsOverflow: true });
        shard.Settle(One, place: 0, new(1, Actual: 0, Second / 2), now: Second);
        Assert.Equal(Second / 2, Take(shard, One, now: Second).Wait);
        shard.Settle(One, place: 0, new(1, Actual: 0, 0), now: Second);
        Assert.Equal(Second / 2, Take(shard, One, now: Second).Wait);
    }

    [Fact]
    public void What_was_taken_before_there_was_room_is_settled_where_it_was_taken()
    {
        var shard = Shard(maxSlots: 1);
        Assert.True(Take(shard, Other, now: 0).IsTaken);
        Assert.True(Take(shard, One, now: Second / 2) is { IsTaken: true, IsOverflow: true });
        Assert.True(Take(shard, One, now: Second) is { IsTaken: true, IsOverflow: false });
        shard.Settle(One, place: 0, new(1, Actual: 0, Second / 2, IsOverflow: true), now: Second);
        Assert.Equal((false, Second), (Take(shard, One, now: Second).IsTaken, Take(shard, One, now: Second).Wait));
        Assert.True(Take(shard, Other, now: Second) is { IsTaken: true, IsOverflow: true });
        shard.Settle(Other, place: 0, new(1, Actual: 2, Second, IsOverflow: true), now: Second);
        Assert.Equal(2 * Second, Take(shard, Other, now: Second).Wait);
    }

    // A slot that says that it was never used ends the search for keys behind it.
    [Fact]
    public void A_key_that_gave_everything_back_does_not_hide_those_behind_it()
    {
        var shard = Shard(maxSlots: 4);
        Assert.True(Take(shard, One, now: 0).IsTaken);
        Assert.True(Take(shard, Other, now: 0).IsTaken);
        shard.Settle(One, place: 0, new(1, Actual: 0, 0), now: 0);
        Assert.False(Take(shard, Other, now: 0).IsTaken);
    }

    [Fact]
    public void Key_that_only_asks_takes_no_room()
    {
        var shard = Shard(maxSlots: 1);
        Assert.Equal((true, 1), (shard.Take(One, place: 0, cost: 0, now: 0).IsTaken, shard.Take(One, place: 0, cost: 0, now: 0).Remaining));
        Assert.True(shard.Take(Other, place: 0, cost: 1, now: 0) is { IsTaken: true, IsOverflow: false });
        Assert.True(shard.Take(One, place: 0, cost: 0, now: 0) is { IsTaken: true, IsOverflow: true });
    }

    // A key and its state: two slots for each key are at most 64 bytes.
    [Fact]
    public void Slot_of_either_algorithm_is_small()
    {
        Assert.Equal(24, RateShard<Gcra, long>.SlotBytes);
        Assert.Equal(32, RateShard<SlidingWindow, WindowCount>.SlotBytes);
    }

    private static RateShard<Gcra, long> Shard(int maxSlots) => new(new(new(RateAlgorithm.TokenBucket, 1, TimeSpan.FromSeconds(1), Burst: 1)), maxSlots);

    private static RateDecision Take(RateShard<Gcra, long> shard, ThrottleKey key, long now) => shard.Take(key, place: 0, cost: 1, now);
}
