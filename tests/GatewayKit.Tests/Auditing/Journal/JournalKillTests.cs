using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>Processes that are killed while they record. <c>GATEWAYKIT_KILLS</c> says how many; the long run is 500.</summary>
public sealed class JournalKillTests(ITestOutputHelper output) : IDisposable
{
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("GATEWAYKIT_KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 100;

    private readonly JournalFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(AuditDelivery.Guaranteed)]
    [InlineData(AuditDelivery.Strict)]
    public async Task Killed_process_has_recorded_all_that_it_was_told_to_be_recorded(AuditDelivery delivery)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGKILL.");
        var told = new List<string>();
        var slowest = TimeSpan.Zero;
        var reports = 0;
        for (var kill = 0; kill < Kills / 2; kill++)
        {
            told.AddRange(await RunAsync(delivery, isStarting: kill % 4 is 3));
            var watch = Stopwatch.StartNew();
            await using var journal = _folder.Open();
            slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
        }

        var lines = _folder.Lines();
        var begins = lines.Where(static line => line.GetProperty("kind").GetString() == "begin").Select(static line => line.GetProperty("rid").GetString()!).ToHashSet();
        Assert.NotEmpty(told);
        Assert.Subset(begins, told.ToHashSet());
        reports = _folder.EventsOf("crash_report").Count;
        Assert.InRange(reports, 1, Kills / 2);
        Assert.Empty(_folder.EventsOf("integrity_violation"));
        var verification = await new AuditLog(_folder.Root).VerifyAsync();
        Assert.True(verification.IsIntact, verification.ToString());
        Assert.True(slowest < TimeSpan.FromSeconds(2), $"A start took {slowest}.");
        output.WriteLine($"{Kills / 2} kills, {told.Count} beginnings told, {begins.Count} recorded, {reports} crashes told of, slowest start {slowest.TotalMilliseconds:N0} ms; 0 missing, so fewer than {3.0 / (Kills / 2):P1} a kill (95 %).");
    }

    // Killed at any time: every fourth one while it starts, and perhaps repairs what the one before has left, the others under load.
    private async Task<IReadOnlyList<string>> RunAsync(AuditDelivery delivery, bool isStarting)
    {
        using var child = JournalChild.Start(_folder.Root, delivery);
        var first = isStarting ? null : await child.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
        var reading = child.StandardOutput.ReadToEndAsync();
        await Task.Delay(RandomNumberGenerator.GetInt32(0, isStarting ? 500 : 150));
        child.Kill();
        await child.WaitForExitAsync();
        var text = await reading;
        return [.. first is null ? Array.Empty<string>() : [first], .. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
