using System.Numerics;
using CsCheck;
using GatewayKit.Throttling;

namespace GatewayKit.Tests.Throttling;

public sealed class SlidingWindowTests
{
    private const long Second = ThrottleClock.UnitsPerSecond;

    private static readonly SlidingWindow TenPerMinute = Of(10, TimeSpan.FromMinutes(1));

    // In the middle of the second window.
    private const long Half = 90 * Second;

    [Fact]
    public void Golden_vector_of_ten_a_minute()
    {
        Assert.True(TenPerMinute.TryTake(new(2, Current: 4, Previous: 10), Half, cost: 1, out var next, out var wait));
        Assert.Equal((new WindowCount(2, 5, 10), 0L), (next, wait));
        Assert.False(TenPerMinute.TryTake(next, Half, cost: 1, out var after, out wait));
        Assert.Equal((next, 6 * Second), (after, wait));
        Assert.False(TenPerMinute.TryTake(new(2, Current: 10, Previous: 0), Half, cost: 1, out _, out wait));
        Assert.Equal(36 * Second, wait);
    }

    // Who compares what is counted, and not what would be, lets a large one through.
    [Fact]
    public void Larger_cost_is_compared_as_it_is()
    {
        Assert.False(TenPerMinute.TryTake(new(2, Current: 9, Previous: 0), Half, cost: 2, out _, out _));
        Assert.True(TenPerMinute.TryTake(default, Half, cost: 10, out var full, out _));
        Assert.False(TenPerMinute.TryTake(full, Half, cost: 10, out _, out var wait));
        Assert.Equal(90 * Second, wait); // The next window has to be over, in which this one still weighs.
        Assert.True(TenPerMinute.TryTake(full, Half + wait, cost: 10, out _, out _));
    }

    [Fact]
    public void Every_decision_is_that_of_exact_fractions() =>
        Traces.Sample(static trace => Run(trace, static (trace, before, now, cost) =>
        {
            var (window, part) = Math.DivRem(now, trace.Length);
            var age = window + 1 - before.Window;
            var (current, previous) = age == 0 ? (before.Current, before.Previous) : age == 1 ? (0, before.Current) : (0, 0);
            var isExact = ((BigInteger)previous * (trace.Length - part)) + ((BigInteger)(current + cost) * trace.Length) <= (BigInteger)trace.Limit * trace.Length;
            Assert.Equal(isExact, trace.Rate.TryTake(before, now, cost, out _, out _));
        }));

    [Fact]
    public void Windows_from_edge_to_edge_admit_no_more_than_the_limit_and_any_other_no_more_than_twice_that() =>
        Traces.Sample(static trace =>
        {
            var admitted = new List<(long Now, int Cost)>();
            var state = default(WindowCount);
            var time = 0L;
            foreach (var (pause, cost) in trace.Steps)
            {
                time += pause;
                if (trace.Rate.TryTake(state, time, cost, out state, out _))
                {
                    admitted.Add((time, cost));
                }
            }

            Assert.All(admitted.GroupBy(one => one.Now / trace.Length), window => Assert.True(window.Sum(static one => one.Cost) <= trace.Limit));
            Assert.All(admitted, first => Assert.True(admitted.Where(one => one.Now >= first.Now && one.Now < first.Now + trace.Length).Sum(static one => one.Cost) <= 2L * trace.Limit));
        });

    [Fact]
    public void Refusal_takes_nothing_and_is_over_exactly_after_the_wait() =>
        Traces.Sample(static trace => Run(trace, static (trace, before, now, cost) =>
        {
            if (!trace.Rate.TryTake(before, now, cost, out var next, out var wait))
            {
                Assert.Equal(before, next);
                Assert.True(wait > 0);
                Assert.False(trace.Rate.TryTake(before, now + wait - 1, cost, out _, out _));
                Assert.True(trace.Rate.TryTake(before, now + wait, cost, out _, out _));
            }
        }));

    [Fact]
    public void What_remains_can_be_taken_but_no_more_until_the_next_comes() =>
        Traces.Sample(static trace => Run(trace, static (trace, state, now, cost) =>
        {
            var remaining = trace.Rate.Remaining(state, now, out var next);
            Assert.Equal((remaining == trace.Limit, trace.Rate.IsFull(state, now)), (next == 0, remaining == trace.Limit));
            Assert.True(trace.Rate.TryTake(state, now, remaining, out _, out _));
            Assert.True(trace.Rate.TryTake(state, now, cost: 0, out var peeked, out _));
            Assert.Equal(state, peeked);
            if (next > 0)
            {
                Assert.False(trace.Rate.TryTake(state, now + next - 1, remaining + 1, out _, out _));
                Assert.True(trace.Rate.TryTake(state, now + next, remaining + 1, out _, out _));
            }
        }));

    [Fact]
    public void What_was_given_back_is_as_if_it_had_never_been_taken() =>
        Traces.Sample(static trace => Run(trace, static (trace, before, now, cost) =>
        {
            if (trace.Rate.TryTake(before, now, cost, out var taken, out _))
            {
                // While the window lasts, in the next one, and in the one after that, when it counts no more.
                for (var later = now; later < now + (3 * trace.Length); later += trace.Length / 3)
                {
                    var back = trace.Rate.Settle(taken, new(cost, Actual: 0, Since: now), later);
                    Assert.Equal(trace.Rate.Remaining(before, later, out var next), trace.Rate.Remaining(back, later, out var nextAfter));
                    Assert.Equal(next, nextAfter);
                    Assert.True(trace.Rate.IsUsed(back));
                }
            }
        }));

    [Fact]
    public void Client_that_keeps_trying_at_ten_times_the_rate_still_gets_its_rate()
    {
        var rate = Of(100, TimeSpan.FromSeconds(10));
        var state = default(WindowCount);
        var taken = Enumerable.Range(0, 100_000).Count(i => rate.TryTake(state, i * (Second / 100), cost: 1, out state, out _));
        Assert.InRange(taken, 9_900, 10_100);
    }

    [Fact]
    public void Late_thread_stays_in_the_newest_window()
    {
        Assert.False(TenPerMinute.TryTake(new(3, Current: 5, Previous: 5), Half, cost: 1, out _, out _));
        Assert.True(TenPerMinute.TryTake(new(3, Current: 5, Previous: 4), Half, cost: 1, out var next, out _));
        Assert.Equal(new(3, 6, 4), next);
    }

    [Fact]
    public void Largest_limit_in_the_longest_window_neither_overflows_nor_rounds()
    {
        var rate = Of(1_000_000_000, TimeSpan.FromDays(365));
        var length = ThrottleClock.ToUnits(TimeSpan.FromDays(365));
        var state = new WindowCount(17, Current: 500_000_000, Previous: 1_000_000_000);
        var now = (16 * length) + (length / 2);
        Assert.False(rate.TryTake(state, now, cost: 1, out _, out var wait));
        Assert.False(rate.TryTake(state, now + wait - 1, cost: 1, out _, out _));
        Assert.True(rate.TryTake(state, now + wait, cost: 1, out _, out _));
    }

    private static readonly Gen<Trace> Traces =
        from limit in Gen.OneOf(Gen.Int[1, 20], Gen.Int[1, 1_000_000_000])
        from seconds in Gen.OneOf(Gen.Int[1, 60], Gen.Int[1, 2_500_000])
        let length = seconds * Second
        from steps in Gen.Select(Gen.OneOf(Gen.Const(0L), Gen.Long[0, length / 4], Gen.Long[0, 2 * length]), Gen.Int[1, limit]).Array[1, 60]
        select new Trace(Of(limit, TimeSpan.FromSeconds(seconds)), limit, length, steps);

    private static SlidingWindow Of(int limit, TimeSpan window) => new(new(RateAlgorithm.SlidingWindow, limit, window, limit));

    private static void Run(Trace trace, Action<Trace, WindowCount, long, int> check)
    {
        var state = default(WindowCount);
        var now = 0L;
        foreach (var (pause, cost) in trace.Steps)
        {
            now += pause;
            check(trace, state, now, cost);
            trace.Rate.TryTake(state, now, cost, out state, out _);
        }
    }

    private sealed record Trace(SlidingWindow Rate, int Limit, long Length, (long Pause, int Cost)[] Steps);
}
