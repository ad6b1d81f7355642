using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Sharing;

/// <summary>Several instances in virtual time: what they admit together beyond the rate is what is said at start, and no more.</summary>
public sealed class SharingSimulationTests
{
    private const int Limit = 1_000;
    private const int Burst = 200;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Instances_under_equal_load_exceed_the_rate_by_what_comes_in_an_interval(int instances)
    {
        var interval = RateSharing.UsualInterval;
        var slack = new SharingSlack(Policy(interval).Rule, interval);
        Assert.Equal(100, slack.Balanced);

        // As fast as the rate, spread evenly, after a peak that took all of the burst.
        var perStep = Limit / Window.TotalSeconds * Step.TotalSeconds;
        var excess = await RunAsync(instances, interval, (_, step) => step == 0 ? Burst / instances : (int)(((step + 1) * perStep / instances) - 1e-9) - (int)((step * perStep / instances) - 1e-9));
        Assert.InRange(excess, double.NegativeInfinity, slack.Balanced);
    }

    // Each alone stays below the rate, and sees no less than it should.
    [Fact]
    public async Task Instances_that_each_stay_below_the_rate_hear_that_together_they_do_not()
    {
        var interval = RateSharing.UsualInterval;
        var perStep = 0.75 * Limit / Window.TotalSeconds * Step.TotalSeconds;
        var excess = await RunAsync(3, interval, (_, step) => (int)((step + 1) * perStep) - (int)(step * perStep));
        Assert.InRange(excess, double.NegativeInfinity, new SharingSlack(Policy(interval).Rule, interval + Step).Worst(3, 0.75 * Limit / Window.TotalSeconds));
    }

    [Theory]
    [InlineData(2, 100, 4)]
    [InlineData(2, 500, 10)]
    [InlineData(3, 500, 3)]
    [InlineData(4, 250, 20)]
    [InlineData(5, 1_000, 1)]
    [InlineData(5, 1_000, 10)]
    public async Task Instances_never_exceed_the_rate_by_more_than_the_worst_case(int instances, int milliseconds, int peakPerStep)
    {
        var interval = TimeSpan.FromMilliseconds(milliseconds);
        var random = new Random((1_000 * instances) + milliseconds + peakPerStep);
        var silent = new bool[instances];
        var excess = await RunAsync(instances, interval, (instance, step) =>
        {
            // Peaks and silence in turn, for each by itself; all at once in the beginning.
            if (step % 100 == 0 && step > 0)
            {
                silent[instance] = random.Next(2) == 0;
            }

            return silent[instance] ? 0 : peakPerStep;
        });
        // What is told is heard a step later.
        var worst = new SharingSlack(Policy(interval).Rule, interval + Step).Worst(instances, peakPerStep / Step.TotalSeconds);
        Assert.InRange(excess, worst / 20, worst);
    }

    [Theory]
    [InlineData("Synchronous")]
    [InlineData("Leased:1")]
    [InlineData("Leased:10")]
    [InlineData("Leased:40")]
    public async Task Instances_that_ask_never_exceed_the_rate(string sharing)
    {
        var random = new Random(7);
        var excess = await RunAsync(4, Policy(default) with { Sharing = RateSharing.Parse(sharing) }, (_, _) => random.Next(8) == 0 ? 20 : 0, counted: 4);
        Assert.InRange(excess, -Burst / 2, 1e-6);
    }

    private static Task<double> RunAsync(int instances, TimeSpan interval, Func<int, int, int> arrivals) => RunAsync(instances, Policy(interval), arrivals);

    /// <summary>The most by which what was admitted in any span of time was more than the burst and what the rate brings in that time.</summary>
    private static async Task<double> RunAsync(int instances, ThrottlePolicy policy, Func<int, int, int> arrivals, int? counted = null)
    {
        var time = new FakeTimeProvider();
        var store = new InMemoryRateStore(time);
        var all = Enumerable.Range(0, instances).Select(_ => new Instance(time, store, policy, options => options.Instances = counted)).ToArray();
        var (level, most) = (0d, double.NegativeInfinity);
        for (var step = 0; step < Length / Step; step++)
        {
            for (var i = 0; i < instances; i++)
            {
                level += all[i].TakeAll(arrivals(i, step));
            }

            most = Math.Max(most, level - Burst);
            level = Math.Max(0, level - (Limit * (Step / Window)));
            time.Advance(Step);
        }

        foreach (var instance in all)
        {
            await instance.DisposeAsync();
        }

        return most;
    }

    private static ThrottlePolicy Policy(TimeSpan interval) => new()
    {
        Limit = Limit,
        Window = Window,
        Burst = Burst,
        Partition = ThrottlePartition.Header("X-Tenant"),
        Sharing = interval == default ? RateSharing.Synchronous : RateSharing.Asynchronous(interval),
    };
}
