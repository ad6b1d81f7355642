using CsCheck;
using GatewayKit.Throttling;

namespace GatewayKit.Tests.Throttling;

public sealed class SettlingGcraTests
{
    private const long Second = ThrottleClock.UnitsPerSecond;

    private static readonly SettlingGcra TwentyAtOnce = Rate(20);

    // Whoever knew all costs from the start would have had at least as much room: what has drained is not credited again, nor is anything credited twice.
    [Fact]
    public void Nothing_is_given_back_that_exact_knowledge_would_not_have() =>
        Gen.Select(Gen.Int[1, 20], Gen.Select(Gen.Long[0, 8 * Second], Gen.Int[1, 20], Gen.Int[0, 40], Gen.Int[-2, 5]).Array[1, 60]).Sample(static (burst, steps) =>
        {
            var rate = Rate(burst);
            var (state, now) = (default(SettledTime), 0L);
            var all = new List<Use>();
            foreach (var (pause, units, used, settles) in steps)
            {
                now += pause % 3 == 0 ? 0 : pause;
                var reserved = Math.Min(units, burst);
                if (rate.TryTake(state, now, reserved, out state, out _))
                {
                    all.Add(new(now, reserved, rate.MarkOf(state)) { Actual = Math.Min(used, 2 * reserved) });
                }

                var open = all.Where(static use => !use.IsSettled).ToArray();
                if (settles >= 0 && settles < open.Length)
                {
                    var use = open[^(settles + 1)];
                    state = rate.Settle(state, new(use.Reserved, use.Actual, use.At, use.Mark), now);
                    use.IsSettled = true;
                }

                if (state.FullAt - now >= 2 * burst * Second)
                {
                    return; // Debt beyond this is forgiven, and exact knowledge forgives nothing.
                }

                var exact = all.Aggregate(0L, static (fullAt, use) => Math.Max(fullAt, use.At) + ((use.IsSettled ? use.Actual : use.Reserved) * Second));
                Assert.True(Math.Max(state.FullAt, now) >= Math.Max(exact, now), $"{exact - state.FullAt} too much");
            }
        }, iter: 10_000);

    [Fact]
    public void What_was_too_much_comes_back_as_far_as_it_has_not_by_itself()
    {
        Assert.True(TwentyAtOnce.TryTake(default, now: 0, cost: 10, out var state, out _));
        foreach (var (now, fullAt) in (ValueTuple<long, long>[])[(0, 4), (3, 4), (5, 5), (9, 9), (10, 10), (99, 10)])
        {
            Assert.Equal(fullAt * Second, TwentyAtOnce.Settle(state, new(10, Actual: 4, Since: 0, TwentyAtOnce.MarkOf(state)), now * Second).FullAt);
        }
    }

    [Fact]
    public void Requests_at_the_same_time_do_not_get_the_same_time_back()
    {
        Assert.True(TwentyAtOnce.TryTake(default, now: 0, cost: 10, out var state, out _));
        var first = TwentyAtOnce.MarkOf(state);
        Assert.True(TwentyAtOnce.TryTake(state, now: 0, cost: 10, out state, out _));
        var second = TwentyAtOnce.MarkOf(state);
        state = TwentyAtOnce.Settle(state, new(10, Actual: 0, Since: 0, first), now: 5 * Second);
        Assert.Equal(15 * Second, state.FullAt);
        Assert.Equal(5 * Second, TwentyAtOnce.Settle(state, new(10, Actual: 0, Since: 0, second), now: 5 * Second).FullAt);
    }

    [Theory]
    [InlineData(15, 15)]
    [InlineData(40, 40)]
    [InlineData(41, 40)]
    [InlineData(long.MaxValue, 40)]
    public void What_was_too_little_is_owed_up_to_twice_what_there_is(long actual, long fullAt)
    {
        Assert.True(TwentyAtOnce.TryTake(default, now: 0, cost: 10, out var state, out _));
        state = TwentyAtOnce.Settle(state, new(10, actual, Since: 0, TwentyAtOnce.MarkOf(state)), now: 0);
        Assert.Equal(fullAt * Second, state.FullAt);
        Assert.Equal(fullAt <= 20, TwentyAtOnce.TryTake(state, now: 0, cost: 0, out _, out var wait));
        Assert.Equal(Math.Max(0, fullAt - 20) * Second, wait);
    }

    [Theory]
    [InlineData(15, 5)]
    [InlineData(25, 0)]
    [InlineData(long.MaxValue, 0)]
    public void Sliding_window_owes_too(long actual, int remaining)
    {
        var window = new SlidingWindow(new(RateAlgorithm.SlidingWindow, 20, TimeSpan.FromMinutes(1), 20));
        Assert.True(window.TryTake(default, now: 0, cost: 10, out var state, out _));
        state = window.Settle(state, new(10, actual, Since: 0), now: 0);
        Assert.Equal(remaining, window.Remaining(state, now: 0, out var next));
        Assert.False(window.TryTake(state, next - 1, remaining + 1, out _, out _));
        Assert.True(window.TryTake(state, next, remaining + 1, out _, out _));
    }

    // What a handler reports ends where numbers do: nothing of what others have taken may be lost in a sum.
    [Fact]
    public void Debt_of_one_request_forgives_nothing_that_others_have_taken()
    {
        var window = new SlidingWindow(new(RateAlgorithm.SlidingWindow, 100, TimeSpan.FromMinutes(1), 100));
        Assert.True(window.TryTake(default, now: 0, cost: 10, out var state, out _));
        Assert.True(window.TryTake(state, now: 0, cost: 10, out state, out _));
        Assert.Equal(200, window.Settle(state, new(10, long.MaxValue, Since: 0), now: 0).Current);
    }

    // A reservation outlives the slot of its key if that is full, because all who settled before gave everything back.
    [Fact]
    public void Key_that_lost_its_slot_gets_nothing_back_for_what_it_took_before()
    {
        var shard = new RateShard<SettlingGcra, SettledTime>(TwentyAtOnce, maxSlots: 1);
        var (one, other) = (new ThrottleKey(1, 6), new ThrottleKey(2, 6));
        var first = shard.Take(one, place: 0, cost: 10, now: 0);
        var second = shard.Take(one, place: 0, cost: 10, now: 0);
        shard.Settle(one, place: 0, new(10, Actual: 0, first.Due, first.Mark), now: 0);
        Assert.True(shard.Take(other, place: 0, cost: 1, now: 10 * Second) is { IsTaken: true, IsOverflow: false });
        Assert.True(shard.Take(one, place: 0, cost: 10, now: 11 * Second) is { IsTaken: true, IsOverflow: false });
        shard.Settle(one, place: 0, new(10, Actual: 0, second.Due, second.Mark), now: 11 * Second);
        Assert.Equal(10, shard.Take(one, place: 0, cost: 0, now: 11 * Second).Remaining);
    }

    [Fact]
    public void Key_whose_slot_is_anothers_gives_nothing_to_those_without_room()
    {
        var shard = new RateShard<SettlingGcra, SettledTime>(TwentyAtOnce, maxSlots: 1);
        var (one, other) = (new ThrottleKey(1, 6), new ThrottleKey(2, 6));
        var first = shard.Take(one, place: 0, cost: 10, now: 0);
        var second = shard.Take(one, place: 0, cost: 10, now: 0);
        shard.Settle(one, place: 0, new(10, Actual: 0, first.Due, first.Mark), now: 0);
        Assert.True(shard.Take(other, place: 0, cost: 20, now: 10 * Second) is { IsTaken: true, IsOverflow: false });
        Assert.True(shard.Take(one, place: 0, cost: 20, now: 10 * Second) is { IsTaken: true, IsOverflow: true });
        shard.Settle(one, place: 0, new(10, Actual: 0, second.Due, second.Mark), now: 10 * Second);
        Assert.Equal(0, shard.Take(one, place: 0, cost: 0, now: 10 * Second).Remaining);
    }

    [Fact]
    public void Slot_stays_small() => Assert.Equal(32, RateShard<SettlingGcra, SettledTime>.SlotBytes);

    private static SettlingGcra Rate(int burst) => new(new(RateAlgorithm.TokenBucket, 1, TimeSpan.FromSeconds(1), burst));

    private sealed record Use(long At, int Reserved, long Mark)
    {
        public long Actual { get; init; }

        public bool IsSettled { get; set; }
    }
}
