using CsCheck;
using GatewayKit.Throttling;

namespace GatewayKit.Tests.Throttling;

public sealed class GcraTests
{
    private const long Second = ThrottleClock.UnitsPerSecond;

    [Fact]
    public void Golden_vector_of_sixty_a_minute_with_a_burst_of_five()
    {
        var rate = new Gcra(requestsPerSecond: 1, burst: 5);
        var fullAt = 0L;
        foreach (var remaining in (int[])[4, 3, 2, 1, 0])
        {
            Assert.True(rate.TryTake(fullAt, now: 0, cost: 1, out fullAt, out _));
            Assert.Equal(remaining, rate.Remaining(fullAt, out _));
        }

        Assert.False(rate.TryTake(fullAt, now: 0, cost: 1, out fullAt, out var wait));
        Assert.Equal(Second, wait);
        Assert.True(rate.TryTake(fullAt, now: Second, cost: 1, out fullAt, out _));
        Assert.Equal(0, rate.Remaining(fullAt - Second, out _));
        Assert.True(rate.TryTake(fullAt, now: 10 * Second, cost: 1, out fullAt, out _));
        Assert.Equal(4, rate.Remaining(fullAt - (10 * Second), out _));
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
                    var bound = trace.Rate.Burst + ((admitted[last].Now - admitted[first].Now) / trace.Rate.Increment);
                    Assert.True(cost <= bound, $"{cost} admitted where {bound} may be.");
                }
            }
        });

    // A request that another throttle refuses gives back what it took, maybe after others have taken theirs.
    [Fact]
    public void Units_that_were_given_back_let_through_no_more_than_the_bound() =>
        Gen.Select(Gen.Int[1, 4], Gen.Select(Gen.Long[0, 3 * Second], Gen.Int[-1, 6]).Array[1, 40]).Sample(static (burst, steps) =>
        {
            var rate = new Gcra(requestsPerSecond: 1, burst);
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
                    fullAt -= rate.Refund(now - through[^(back + 1)]);
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
        var rate = new Gcra(requestsPerSecond: 1, burst: 2);
        Assert.Equal((Second, Second / 4, 0L, 0L), (rate.Refund(0), rate.Refund(3 * Second / 4), rate.Refund(Second), rate.Refund(5 * Second)));
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
                var ahead = Math.Max(0, step.After - step.Now);
                var remaining = trace.Rate.Remaining(ahead, out var next);
                Assert.Equal(remaining == trace.Rate.Burst, next == 0);
                if (next > 0)
                {
                    Assert.Equal(remaining, trace.Rate.Remaining(Math.Max(0, ahead - next + 1), out _));
                    Assert.Equal(remaining + 1, trace.Rate.Remaining(Math.Max(0, ahead - next), out _));
                }

                Assert.True(trace.Rate.TryTake(step.After, step.Now, remaining, out _, out _));
                Assert.False(trace.Rate.TryTake(step.After, step.Now, remaining + 1, out _, out _));
            }
        });

    [Fact]
    public void Client_that_keeps_trying_at_ten_times_the_rate_still_gets_its_rate()
    {
        var rate = new Gcra(requestsPerSecond: 100, burst: 1);
        var fullAt = 0L;
        var taken = Enumerable.Range(0, 10_000).Count(i => rate.TryTake(fullAt, i * (Second / 1_000), cost: 1, out fullAt, out _));
        Assert.Equal(1_000, taken);
    }

    [Theory]
    [InlineData(1_000_000, 16_000)]
    [InlineData(999_999, 16_001)]
    [InlineData(3, 5_333_333_334)]
    [InlineData(0.1, 160_000_000_000)]
    [InlineData(0.001, 16_000_000_000_000)]
    public void Increments_are_rounded_up(double requestsPerSecond, long increment) =>
        Assert.Equal(increment, new Gcra(requestsPerSecond, burst: 1).Increment);

    [Theory]
    [InlineData(1_000_000, 1_000_000)]
    [InlineData(0.001, 31_536)]
    [InlineData(0.0317097919838, 1_000_000)]
    public void Largest_burst_fits_the_clock_for_seventeen_years(double requestsPerSecond, int burst)
    {
        var rate = new Gcra(requestsPerSecond, burst);
        var now = 17 * 365 * 86_400 * Second;
        Assert.True(rate.TryTake(0, now, burst, out var fullAt, out _));
        Assert.Equal(now + rate.Tolerance, fullAt);
        Assert.False(rate.TryTake(fullAt, now, burst, out _, out var wait));
        Assert.Equal(rate.Tolerance, wait);
    }

    private static readonly Gen<Trace> Traces =
        from requestsPerSecond in Gen.OneOf(Gen.Double[0.001, 1], Gen.Double[1, 1_000], Gen.Double[1_000, 1_000_000])
        from burst in Gen.Int[1, 20]
        let rate = new Gcra(requestsPerSecond, burst)
        from steps in Gen.Select(Gen.Long[0, 3 * rate.Increment], Gen.Int[1, burst]).Array[1, 60]
        select new Trace(rate, steps);

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

    private sealed record Trace(Gcra Rate, (long Pause, int Cost)[] Steps);

    private sealed record Step(long Now, int Cost, long Before, long After, bool Taken, long Wait);
}
