using CsCheck;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Tests.Throttling;

public sealed class GcraTests
{
    private const long Second = ThrottleClock.UnitsPerSecond;

    [Fact]
    public void Golden_vector_of_sixty_a_minute_with_a_burst_of_five()
    {
        var rate = Rate(1, 5);
        var fullAt = 0L;
        foreach (var remaining in (int[])[4, 3, 2, 1, 0])
        {
            Assert.True(rate.TryTake(fullAt, now: 0, cost: 1, out fullAt, out _));
            Assert.Equal(remaining, rate.Remaining(fullAt, now: 0, out _));
        }

        Assert.False(rate.TryTake(fullAt, now: 0, cost: 1, out fullAt, out var wait));
        Assert.Equal(Second, wait);
        Assert.True(rate.TryTake(fullAt, now: Second, cost: 1, out fullAt, out _));
        Assert.Equal(0, rate.Remaining(fullAt, Second, out _));
        Assert.True(rate.TryTake(fullAt, now: 10 * Second, cost: 1, out fullAt, out _));
        Assert.Equal(4, rate.Remaining(fullAt, 10 * Second, out _));
    }

    [Fact]
    public void Cost_admitted_in_any_closed_interval_is_at_most_the_burst_and_what_drained_meanwhile() =>
        Traces.Sample(static trace =>
        {
            var admitted = Run(trace).Where(static step => step.Taken).ToArray();
            for (var first = 0; first < admitted.Length; first++)
            {
                var cost = 0L;
                for (var last = first; last < admitted.Length; last++)
                {
                    cost += admitted[last].Cost;
                    var bound = trace.Burst + ((admitted[last].Now - admitted[first].Now) / trace.Rate.Increment);
                    Assert.True(cost <= bound, $"{cost} admitted where {bound} may be.");
                }
            }
        });

    // A request that another throttle refuses gives back what it took, maybe after others have taken theirs.
    [Fact]
    public void Units_that_were_given_back_let_through_no_more_than_the_bound() =>
        Gen.Select(Gen.Int[1, 4], Gen.Select(Gen.Long[0, 3 * Second], Gen.Int[-1, 6]).Array[1, 40]).Sample(static (burst, steps) =>
        {
            var rate = Rate(1, burst);
            var (now, fullAt) = (0L, 0L);
            var through = new List<long>();
            foreach (var (pause, back) in steps)
            {
                now += pause;
                if (rate.TryTake(fullAt, now, cost: 1, out fullAt, out _))
                {
                    through.Add(now);
                }

                if (back >= 0 && back < through.Count)
                {
                    fullAt = rate.Settle(fullAt, new(1, Actual: 0, through[^(back + 1)]), now);
                    through.RemoveAt(through.Count - back - 1);
                }
            }

            for (var first = 0; first < through.Count; first++)
            {
                for (var last = first; last < through.Count; last++)
                {
                    Assert.True(last - first + 1 <= burst + ((through[last] - through[first]) / rate.Increment));
                }
            }
        });

    [Fact]
    public void What_has_come_back_by_itself_is_not_given_back()
    {
        var rate = Rate(1, 4);
        Assert.True(rate.TryTake(0, now: 0, cost: 3, out var fullAt, out _));
        foreach (var (elapsed, back) in (ValueTuple<long, long>[])[(0, 3 * Second), (Second * 3 / 4, Second * 9 / 4), (3 * Second, 0), (5 * Second, 0)])
        {
            Assert.Equal(Math.Max(1, fullAt - back), rate.Settle(fullAt, new(3, Actual: 0, 0), elapsed));
        }
    }

    [Fact]
    public void Refusal_takes_nothing_and_is_over_exactly_after_the_wait() =>
        Traces.Sample(static trace =>
        {
            foreach (var step in Run(trace).Where(static step => !step.Taken))
            {
                Assert.Equal(step.Before, step.After);
                Assert.True(step.Wait > 0);
                Assert.False(trace.Rate.TryTake(step.After, step.Now + step.Wait - 1, step.Cost, out _, out _));
                Assert.True(trace.Rate.TryTake(step.After, step.Now + step.Wait, step.Cost, out _, out _));
            }
        });

    [Fact]
    public void Peek_changes_nothing_and_what_remains_can_be_taken_but_no_more_until_the_next_comes() =>
        Traces.Sample(static trace =>
        {
            foreach (var step in Run(trace))
            {
                Assert.True(trace.Rate.TryTake(step.After, step.Now, cost: 0, out var peeked, out _));
                Assert.Equal(step.After, peeked);
                var remaining = trace.Rate.Remaining(step.After, step.Now, out var next);
                Assert.Equal(remaining == trace.Burst, next == 0);
                if (next > 0)
                {
                    Assert.Equal(remaining, trace.Rate.Remaining(step.After, step.Now + next - 1, out _));
                    Assert.Equal(remaining + 1, trace.Rate.Remaining(step.After, step.Now + next, out _));
                }

                Assert.True(trace.Rate.TryTake(step.After, step.Now, remaining, out _, out _));
                Assert.False(trace.Rate.TryTake(step.After, step.Now, remaining + 1, out _, out _));
            }
        });

    [Fact]
    public void Client_that_keeps_trying_at_ten_times_the_rate_still_gets_its_rate()
    {
        var rate = Rate(100, 1);
        var fullAt = 0L;
        var taken = Enumerable.Range(0, 10_000).Count(i => rate.TryTake(fullAt, i * (Second / 1_000), cost: 1, out fullAt, out _));
        Assert.Equal(1_000, taken);
    }

    [Theory]
    [InlineData(1, 60, 16_000_000_000 * 60)]
    [InlineData(60, 60, 16_000_000_000)]
    [InlineData(7, 31_536_000, 72_082_285_714_285_715)]
    [InlineData(1_000_000_000, 10, 160)]
    public void Increment_of_a_limit_in_a_window_is_rounded_up(int limit, int seconds, long increment) =>
        Assert.Equal(increment, new Gcra(new(RateAlgorithm.TokenBucket, limit, TimeSpan.FromSeconds(seconds), Burst: 1)).Increment);

    // 10 a second with a burst of 1: who comes early waits for its turn, and the next one behind it.
    [Fact]
    public void Request_that_may_wait_takes_ahead_of_time_and_is_told_when_to_go_on()
    {
        var rate = Rate(10, 1, hasTurns: true);
        var fullAt = 0L;
        foreach (var wait in (long[])[0, Second / 10, Second / 5])
        {
            Assert.True(rate.TryTake(fullAt, now: 0, cost: 1, out fullAt, out var told, Second / 4));
            Assert.Equal(wait, told);
        }

        Assert.False(rate.TryTake(fullAt, now: 0, cost: 1, out _, out var refused, Second / 4));
        Assert.Equal(Second / 20, refused);
        Assert.False(rate.TryTake(fullAt, now: refused - 1, cost: 1, out _, out _, Second / 4));
        Assert.True(rate.TryTake(fullAt, now: refused, cost: 1, out _, out var longest, Second / 4));
        Assert.Equal(Second / 4, longest);
    }

    // What it leaves is a place in the middle. Given back, it would be another one at the end, at a time that is somebody else's.
    [Fact]
    public void Only_the_last_of_those_who_wait_gives_back_what_it_took()
    {
        var rate = Rate(1, 1, hasTurns: true);
        var fullAt = 0L;
        for (var i = 0; i < 3; i++)
        {
            Assert.True(rate.TryTake(fullAt, now: 0, cost: 1, out fullAt, out _, 9 * Second));
        }

        Assert.Equal(3 * Second, rate.Settle(fullAt, new(1, Actual: 0, Second), Second / 2));
        Assert.Equal(2 * Second, fullAt = rate.Settle(fullAt, new(1, Actual: 0, 2 * Second), Second / 2));
        Assert.Equal(Second, rate.Settle(fullAt, new(1, Actual: 0, Second), Second / 2));

        // Nor does one that has gone on and was refused elsewhere while others wait for their turn behind it.
        Assert.Equal(2 * Second, rate.Settle(fullAt, new(1, Actual: 0, 0), 0));
    }

    [Fact]
    public void Requests_that_wait_go_on_within_the_bound_whoever_leaves() =>
        Gen.Select(Gen.Int[1, 4], Gen.Select(Gen.Long[0, 2 * Second], Gen.Int[1, 2], Gen.Int[-2, 4]).Array[1, 60]).Sample(static (burst, steps) =>
        {
            var rate = Rate(1, burst, hasTurns: true);
            var (now, fullAt) = (0L, 0L);
            var through = new List<(long Due, int Cost)>();
            foreach (var (pause, units, leaves) in steps)
            {
                now += pause % 2 == 0 ? 0 : pause;
                var cost = Math.Min(units, burst);
                if (rate.TryTake(fullAt, now, cost, out fullAt, out var wait, 5 * Second))
                {
                    through.Add((now + wait, cost));
                }

                if (leaves >= 0 && leaves < through.Count && through[^(leaves + 1)] is var left && left.Due > now)
                {
                    fullAt = rate.Settle(fullAt, new(left.Cost, Actual: 0, left.Due), now);
                    through.RemoveAt(through.Count - leaves - 1);
                }
            }

            var times = through.OrderBy(static one => one.Due).ToArray();
            for (var first = 0; first < times.Length; first++)
            {
                var sum = 0L;
                for (var last = first; last < times.Length; last++)
                {
                    sum += times[last].Cost;
                    Assert.True(sum <= burst + ((times[last].Due - times[first].Due) / rate.Increment));
                }
            }
        });

    [Theory]
    [InlineData(1_000_000, 16_000)]
    [InlineData(999_999, 16_001)]
    [InlineData(3, 5_333_333_334)]
    [InlineData(0.1, 160_000_000_000)]
    [InlineData(0.001, 16_000_000_000_000)]
    public void Increments_are_rounded_up(double requestsPerSecond, long increment) =>
        Assert.Equal(increment, Rate(requestsPerSecond, 1).Increment);

    [Theory]
    [InlineData(1_000_000, 1_000_000)]
    [InlineData(0.001, 31_536)]
    [InlineData(0.0317097919838, 1_000_000)]
    public void Largest_burst_fits_the_clock_for_seventeen_years(double requestsPerSecond, int burst)
    {
        var rate = Rate(requestsPerSecond, burst);
        var now = 17 * 365 * 86_400 * Second;
        Assert.True(rate.TryTake(0, now, burst, out var fullAt, out _));
        Assert.Equal(now + rate.Tolerance, fullAt);
        Assert.False(rate.TryTake(fullAt, now, burst, out _, out var wait));
        Assert.Equal(rate.Tolerance, wait);
    }

    private static readonly Gen<Trace> Traces =
        from requestsPerSecond in Gen.OneOf(Gen.Double[0.001, 1], Gen.Double[1, 1_000], Gen.Double[1_000, 1_000_000])
        from burst in Gen.Int[1, 20]
        let rate = Rate(requestsPerSecond, burst)
        from steps in Gen.Select(Gen.Long[0, 3 * rate.Increment], Gen.Int[1, burst]).Array[1, 60]
        select new Trace(rate, burst, steps);

    private static Gcra Rate(double requestsPerSecond, int burst, bool hasTurns = false) =>
        new(new RateRule(RateAlgorithm.TokenBucket, requestsPerSecond, TimeSpan.FromSeconds(1), burst), hasTurns);

    private static List<Step> Run(Trace trace)
    {
        var (now, fullAt) = (0L, 0L);
        var run = new List<Step>();
        foreach (var (pause, cost) in trace.Steps)
        {
            // Half of all requests arrive together with the one before.
            now += pause % 2 == 0 ? 0 : pause;
            var before = fullAt;
            var taken = trace.Rate.TryTake(before, now, cost, out fullAt, out var wait);
            run.Add(new(now, cost, before, fullAt, taken, wait));
        }

        return run;
    }

    private sealed record Trace(Gcra Rate, int Burst, (long Pause, int Cost)[] Steps);

    private sealed record Step(long Now, int Cost, long Before, long After, bool Taken, long Wait);

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-int.MaxValue)]
    public void What_a_store_says_never_makes_more_of_it_than_anybody_owes(int since)
    {
        var rate = new Gcra(new(RateAlgorithm.TokenBucket, 2, TimeSpan.FromDays(365), Burst: 2));
        RateAnswer answer = new() { FullAfter = TimeSpan.FromDays(365) };
        Assert.Equal(since < 0 ? 1 : 1 + (3 * rate.Tolerance), rate.Follow(state: 0, answer, since, now: 1));
        Assert.Equal(since < 0 ? 0 : 4, rate.Room(state: 1 + (2 * rate.Tolerance), since, now: 1));
        Assert.Equal(1 + (2 * rate.Tolerance), rate.Follow(state: 0, new() { FullAfter = TimeSpan.FromDays(3_650) }, since: 0, now: 1));
    }
}
