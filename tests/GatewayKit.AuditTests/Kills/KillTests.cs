using GatewayKit.AuditTests.Load;

namespace GatewayKit.AuditTests.Kills;

/// <summary>SIGKILL at random instants: whatever a client or a destination has seen is in the journal, the chain holds, and the next start is a quick one. More of them by <c>tests/kills</c>.</summary>
[Trait("Fault", "H2")]
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan QuickStart = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData("Strict")]
    [InlineData("Guaranteed")]
    public async Task Gateway_that_is_killed_has_recorded_whatever_anybody_saw(string delivery)
    {
        var run = new KillRun(delivery, Setting.Seed);
        await run.RunAsync(Setting.Number("GATEWAYKIT_KILLS", 20) / 2);
        output.WriteLine(run.ToString());

        // The machine of a test has other things to do, and a process that finds no journal is then as slow to start.
        Assert.InRange(KillRun.Median(run.Starts), TimeSpan.Zero, QuickStart + KillRun.Median(run.FirstStarts));
    }
}
