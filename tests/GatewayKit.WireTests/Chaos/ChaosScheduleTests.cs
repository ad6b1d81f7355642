using GatewayKit.Chaos;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.WireTests.Chaos.ProxiedPair;

namespace GatewayKit.WireTests.Chaos;

public sealed class ChaosScheduleTests
{
    private static readonly string[] Troubles = ["latency delay=50", "reset", "black-hole flow=answers", "down"];

    [Fact]
    public void One_seed_gives_one_schedule_and_another_seed_another()
    {
        var schedule = Draw(5);
        Assert.Equal(schedule.ToString(), Draw(5).ToString());
        Assert.NotEqual(schedule.ToString(), Draw(6).ToString());
    }

    [Fact]
    public void A_schedule_ends_in_time_and_quiet()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var steps = Draw(seed).Steps;
            Assert.NotEmpty(steps);
            Assert.All(steps, static step => Assert.InRange(step.At, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
            Assert.Equal(steps.Count(static step => step.Command is "down"), steps.Count(static step => step.Command is "up"));
            Assert.Contains(steps[^1].Command, new[] { "up", "remove trouble" });
        }
    }

    [Fact]
    public async Task Steps_are_given_when_they_are_due()
    {
        await using var pair = await StartAsync();
        var time = new FakeTimeProvider();
        var running = new ChaosSchedule([new(TimeSpan.FromSeconds(2), "remove slow"), new(TimeSpan.FromSeconds(1), "add slow latency delay=5")]).RunAsync(pair.Proxy, time, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Empty(pair.Proxy.Toxics);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Single(pair.Proxy.Toxics);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(pair.Proxy.Toxics);
        await running;
    }

    [Fact]
    public void Flapping_is_half_of_the_time_down()
    {
        var flapping = ChaosSchedule.Flapping(TimeSpan.FromSeconds(1), periods: 2);
        Assert.Equal("500 down, 1000 up, 1500 down, 2000 up", flapping.ToString().ReplaceLineEndings(", "));
    }

    private static ChaosSchedule Draw(int seed) => ChaosSchedule.Random(seed, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(4), Troubles);
}
