using GatewayKit.Throttling;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling;

/// <summary>Who asks how an allowance stands takes nothing of it.</summary>
public sealed class RatePeekTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Ten_thousand_peeks_change_no_decision()
    {
        AssertUnchanged<Gcra, long>(new(new(RateAlgorithm.TokenBucket, 4, Second, 8)));
        AssertUnchanged<Gcra, long>(new(new(RateAlgorithm.TokenBucket, 4, Second, 8), hasTurns: true));
        AssertUnchanged<SettlingGcra, SettledTime>(new(new(RateAlgorithm.TokenBucket, 4, Second, 8)));
        AssertUnchanged<SlidingWindow, WindowCount>(new(new(RateAlgorithm.SlidingWindow, 8, 2 * Second, 8)));
    }

    // 10 a second: each unit is 100 ms.
    [Fact]
    public void Token_bucket_tells_what_is_left_and_when_there_is_one_more()
    {
        var table = new RateTable<Gcra, long>(new(new(RateAlgorithm.TokenBucket, 10, Second, 5)), new(_time), maxKeys: 64);
        Assert.Equal((5, TimeSpan.Zero), Peek(table));
        table.Take(Key(1), 3);
        Assert.Equal((2, TimeSpan.FromMilliseconds(100)), Peek(table));
        _time.Advance(TimeSpan.FromMilliseconds(40));
        Assert.Equal((2, TimeSpan.FromMilliseconds(60)), Peek(table));
        table.Take(Key(1), 2);
        Assert.Equal((0, TimeSpan.FromMilliseconds(60)), Peek(table));
        _time.Advance(TimeSpan.FromMilliseconds(460));
        Assert.Equal((5, TimeSpan.Zero), Peek(table));
    }

    // 10 a second: of 8 in the window before, half counts in the middle of the next.
    [Fact]
    public void Sliding_window_tells_what_is_left_and_when_there_is_one_more()
    {
        var table = new RateTable<SlidingWindow, WindowCount>(new(new(RateAlgorithm.SlidingWindow, 10, Second, 10)), new(_time), maxKeys: 64);
        Assert.Equal((10, TimeSpan.Zero), Peek(table));
        table.Take(Key(1), 8);
        Assert.Equal(2, Peek(table).Remaining);
        _time.Advance(TimeSpan.FromMilliseconds(1_500));
        Assert.Equal((6, 125), (Peek(table).Remaining, Math.Round(Peek(table).Next.TotalMilliseconds)));
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal((10, TimeSpan.Zero), Peek(table));
    }

    [Fact]
    public void Key_that_nobody_has_used_takes_no_memory_for_being_looked_at()
    {
        var table = new RateTable<Gcra, long>(new(new(RateAlgorithm.TokenBucket, 10, Second, 5)), new(_time), maxKeys: 100_000);
        for (var key = 0UL; key < 10_000; key++)
        {
            Assert.Equal(5, table.Peek(Key(key)).Remaining);
        }

        Assert.Equal(0, table.Bytes);
    }

    [Fact]
    public void What_keys_without_room_share_is_told_to_none_of_them()
    {
        var table = new RateTable<Gcra, long>(new(new(RateAlgorithm.TokenBucket, 0.001, Second, 2)), new(_time), maxKeys: 64);
        var overflowed = new List<ulong>();
        for (var key = 0UL; key < 1_000; key++)
        {
            if (table.Take(Key(key), 1).IsOverflow)
            {
                overflowed.Add(key);
            }
        }

        Assert.True(overflowed.Count > 800);
        Assert.All(overflowed, key => Assert.False(table.Peek(Key(key)).IsKnown));
        Assert.Equal(1, table.Peek(Key(0)).Remaining);
    }

    private static (int Remaining, TimeSpan Next) Peek<TRate, TState>(RateTable<TRate, TState> table)
        where TRate : struct, IRate<TState>
        where TState : unmanaged
    {
        var decision = table.Peek(Key(1));
        return (decision.Remaining, ThrottleClock.ToTimeSpan(decision.Next));
    }

    // The same walk twice, once with peeks between all of its steps.
    private static void AssertUnchanged<TRate, TState>(TRate rate)
        where TRate : struct, IRate<TState>
        where TState : unmanaged
    {
        var (time, random, refused) = (new FakeTimeProvider(), new Random(7), 0);
        var clock = new ThrottleClock(time);
        var (plain, looked) = (new RateTable<TRate, TState>(rate, clock, 200), new RateTable<TRate, TState>(rate, clock, 200));
        var (bucket, lookedBucket) = (new RateBucket<TRate, TState>(rate, clock), new RateBucket<TRate, TState>(rate, clock));
        for (var i = 0; i < 10_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(random.Next(30)));
            var (key, cost) = (Key((ulong)random.Next(40)), random.Next(8));
            var before = looked.Peek(key);
            looked.Peek(Key((ulong)random.Next(400)));
            var (expected, decision) = (plain.Take(key, cost), looked.Take(key, cost));
            Assert.Equal(expected, decision);
            Assert.Equal(decision.IsTaken ? before.Remaining - cost : before.Remaining, decision.Remaining);
            refused += decision.IsTaken ? 0 : 1;
            if (decision.IsTaken && random.Next(4) == 0)
            {
                var use = new RateUse(cost, random.Next(cost + 3), decision.At, decision.Mark);
                Assert.Equal(plain.Settle(key, use), looked.Settle(key, use));
            }

            lookedBucket.Peek();
            Assert.Equal(bucket.Take(cost), lookedBucket.Take(cost));
        }

        Assert.InRange(refused, 100, 9_900);
    }

    private static ThrottleKey Key(ulong number) => new(number, 6);
}
