using System.Globalization;

namespace GatewayKit.ClientTests.Standalone.Drains;

/// <summary>SIGTERM under load, again and again. <c>tests/drains</c> does it more often.</summary>
public sealed class LoadedDrainTests(ITestOutputHelper output)
{
    private const int Few = 3;

    // Far below the 30 s that the host would wait.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Sigterm_fails_no_request()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("GATEWAYKIT_DRAINS"), CultureInfo.InvariantCulture, out var asked) ? asked : Few;
        await using var upstream = await DrainUpstream.StartAsync();
        var runs = new List<DrainRun>();
        for (var number = 1; number <= count; number++)
        {
            var run = await DrainRun.RunAsync(upstream.Address);
            runs.Add(run);
            output.WriteLine($"Drain {number}: {run.Requests} requests, {run.Failures.Count} failed ({run.Late.Cut} of {run.Late.Sent} cut that did not look at readiness); {run.SocketsClosed} of {DrainRun.Sockets} WebSockets closed by 1001, "
                + $"the first after {run.FirstClose.TotalSeconds:F2} s; {run.DownloadsComplete} of {DrainRun.Downloads} downloads complete; exit code {run.ExitCode} after {run.Took.TotalSeconds:F2} s.");
            Assert.Empty(run.Failures.Take(5));
            Assert.Equal((DrainRun.Sockets, DrainRun.Downloads, 0), (run.SocketsClosed, run.DownloadsComplete, run.ExitCode));

            // Not before balancers had their time. A timer of the other process may be a little early by this one's clock.
            Assert.InRange(run.FirstClose, DrainRun.Delay - TimeSpan.FromMilliseconds(50), Longest);
            Assert.InRange(run.Took, DrainRun.Delay, Longest);
            Assert.True(run.Requests > 50, $"{run.Requests} requests are no load.");
        }

        output.WriteLine($"{count} drains: {runs.Sum(static run => run.Requests)} requests, {runs.Sum(static run => run.Failures.Count)} failed ({runs.Sum(static run => run.Late.Cut)} of {runs.Sum(static run => run.Late.Sent)} cut that did not look at readiness); "
            + $"{runs.Sum(static run => run.SocketsClosed)} WebSockets, {runs.Sum(static run => run.DownloadsComplete)} downloads; the longest took {runs.Max(static run => run.Took).TotalSeconds:F2} s.");
    }
}
