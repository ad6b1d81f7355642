using GatewayKit.Rollout;
using GatewayKit.Rollout.Splits;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Rollout;

public sealed class GuardTests
{
    private static readonly CanaryGuard Guard = new();

    [Theory]
    [InlineData(1_000, 0, 199, 199, nameof(GuardVerdict.Fine))] // too few to say
    [InlineData(199, 0, 1_000, 1_000, nameof(GuardVerdict.Fine))]
    [InlineData(200, 0, 200, 20, nameof(GuardVerdict.ErrorRate))]
    [InlineData(200, 0, 200, 16, nameof(GuardVerdict.ErrorRate))]
    [InlineData(200, 0, 200, 15, nameof(GuardVerdict.Fine))]
    [InlineData(200, 2, 200, 6, nameof(GuardVerdict.Fine))] // 2 points more, which chance does
    [InlineData(100_000, 1_000, 100_000, 1_900, nameof(GuardVerdict.Fine))] // certain, and below the limit
    [InlineData(100_000, 1_000, 100_000, 2_100, nameof(GuardVerdict.ErrorRate))]
    [InlineData(1_000, 1_000, 1_000, 1_000, nameof(GuardVerdict.Fine))]
    [InlineData(1_000, 500, 1_000, 100, nameof(GuardVerdict.Fine))] // better
    public void Errors_count_beyond_the_limit_and_beyond_chance(int stable, int stableFailures, int canary, int canaryFailures, string verdict) =>
        Assert.Equal(verdict, GuardJudgement.Judge(Guard, Sample(stable, stableFailures), Sample(canary, canaryFailures)).ToString());

    [Theory]
    [InlineData(100, 100, nameof(GuardVerdict.Fine))]
    [InlineData(100, 130, nameof(GuardVerdict.Fine))]
    [InlineData(100, 250, nameof(GuardVerdict.Latency))]
    [InlineData(1, 8, nameof(GuardVerdict.Fine))] // less than 10 ms is no difference
    [InlineData(1, 25, nameof(GuardVerdict.Latency))]
    [InlineData(250, 100, nameof(GuardVerdict.Fine))]
    public void Time_counts_beyond_the_limit(int stableMs, int canaryMs, string verdict) =>
        Assert.Equal(verdict, GuardJudgement.Judge(Guard, Sample(1_000, 0, stableMs), Sample(1_000, 0, canaryMs)).ToString());

    // Few slow requests are no slow canary, many are: a twentieth of 1,000 is 50, give or take 28 at four standard errors.
    [Theory]
    [InlineData(60, nameof(GuardVerdict.Fine))]
    [InlineData(100, nameof(GuardVerdict.Latency))]
    public void Slow_requests_count_when_they_are_more_than_chance_makes(int slow, string verdict)
    {
        var canary = Sample(1_000 - slow, 0, 20);
        Add(canary, slow, 0, 5_000);
        Assert.Equal(verdict, GuardJudgement.Judge(Guard, Sample(1_000, 0, 20), canary).ToString());
    }

    // 20,000 looks at sides that are alike: with a bound of 3/N for none, that is less than 1.5 in 10,000.
    [Fact]
    public void Equal_sides_are_not_told_apart()
    {
        var random = new Random(20260303);
        var wrong = 0;
        for (var run = 0; run < 20_000; run++)
        {
            wrong += GuardJudgement.Judge(Guard with { MaxErrorExcess = 0 }, Drawn(random), Drawn(random)) is GuardVerdict.Fine ? 0 : 1;
        }

        Assert.InRange(wrong, 0, 3);
    }

    [Fact]
    public void Window_forgets_what_is_older()
    {
        var time = new FakeTimeProvider();
        var window = new TrafficWindow(TimeSpan.FromMinutes(1), time);
        for (var i = 0; i < 12; i++)
        {
            window.Add(failed: i < 6, TimeSpan.FromMilliseconds(50));
            time.Advance(TimeSpan.FromSeconds(10));
        }

        // Now is in a slot of its own, before it five with one request each.
        var sample = window.Read();
        Assert.Equal((5, 0), (sample.Requests, sample.Failures));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, window.Read().Requests);
    }

    [Fact]
    public void Percentile_is_exact_to_a_fifth()
    {
        var window = new TrafficWindow(TimeSpan.FromMinutes(1), new FakeTimeProvider());
        for (var i = 1; i <= 1_000; i++)
        {
            window.Add(failed: false, TimeSpan.FromMilliseconds(i));
        }

        Assert.InRange(window.Read().Percentile(0.95).TotalMilliseconds, 950, 950 * 1.19);
        Assert.InRange(window.Read().Percentile(0.5).TotalMilliseconds, 500, 500 * 1.19);
    }

    private static TrafficSample Drawn(Random random)
    {
        var sample = new TrafficSample();
        for (var i = 0; i < 300; i++)
        {
            Add(sample, 1, random.NextDouble() < 0.02 ? 1 : 0, (int)(10 / Math.Pow(1 - random.NextDouble(), 0.4)));
        }

        return sample;
    }

    private static TrafficSample Sample(int requests, int failures, int milliseconds = 20)
    {
        var sample = new TrafficSample();
        Add(sample, requests, failures, milliseconds);
        return sample;
    }

    private static void Add(TrafficSample sample, int requests, int failures, int milliseconds)
    {
        var latencies = new int[LatencyBuckets.Count];
        latencies[LatencyBuckets.IndexOf(TimeSpan.FromMilliseconds(milliseconds))] = requests;
        sample.Add(requests, failures, latencies);
    }
}
