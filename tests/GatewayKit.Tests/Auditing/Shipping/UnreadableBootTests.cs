using GatewayKit.Auditing.Shipping;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Shipping;

/// <summary>Boots of which something cannot be read for a while, under the eyes of a shipper that runs.</summary>
public sealed class UnreadableBootTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ListSink _sink = new();

    [Fact]
    public async Task Segment_of_the_current_boot_that_cannot_be_read_leaves_the_sink_behind_until_it_can_be()
    {
        var isDown = true;
        _sink.Answer = (_, _) => isDown ? throw new InvalidOperationException("down") : Task.FromResult<AuditReceipt?>(null);
        await using var journal = Open(new());
        await WriteSegmentsAsync(journal);
        var segment = Path.Combine(journal.Folder.Root, "one", journal.Journal.Boot.ToString("D"), "00000002.gkal");
        Hide(segment);
        isDown = false;
        await AdvanceUntilAsync(() => _sink.Lines.Any(static line => line.Contains("\"number\":0,", StringComparison.Ordinal)) && Shipper(journal).IsDegraded);
        Assert.True(Shipper(journal).Lag.Elapsed > TimeSpan.FromSeconds(10));

        Show(segment);
        await AdvanceUntilAsync(() => !Shipper(journal).IsDegraded && Shipper(journal).Lag.Elapsed == TimeSpan.Zero);
        await StopAsync(journal);
        Assert.Equal(journal.Written(), _sink.Lines);
        Assert.Empty(journal.DeadLetters());
    }

    [Fact]
    public async Task Segment_of_an_earlier_boot_comes_within_a_minute_of_being_readable_again()
    {
        await using var journal = Open(new());
        _sink.Answer = static (_, _) => throw new InvalidOperationException("down");
        await WriteSegmentsAsync(journal);
        await StopAsync(journal);
        var segment = Path.Combine(journal.Folder.Root, "one", journal.Journal.Boot.ToString("D"), "00000002.gkal");
        Hide(segment);
        _sink.Answer = static (_, _) => Task.FromResult<AuditReceipt?>(null);
        Open(journal);
        journal.Write(5);
        await AdvanceUntilAsync(() => _sink.Lines.Count(static line => line.Contains("\"text\":\"\"", StringComparison.Ordinal)) is 5);
        Assert.True(Shipper(journal).Lag.HasEarlierBoots);

        Show(segment);
        await AdvanceUntilAsync(() => !Shipper(journal).Lag.HasEarlierBoots);
        await StopAsync(journal);
        Assert.Equal(journal.Written(), _sink.Lines);
        Assert.Equal(0, _sink.Repeated);
        Assert.Empty(journal.DeadLetters());
    }

    private static AuditShipper Shipper(ShippedJournal journal) => journal.Shippers.All[0];

    private static async Task WriteSegmentsAsync(ShippedJournal journal)
    {
        for (var part = 0; part < 10; part++)
        {
            journal.Write(100, bytes: 4_000);
            await ShippedJournal.UntilAsync(() => journal.Journal.QueuedLines is 0);
        }

        await ShippedJournal.UntilAsync(() => journal.Journal.Written.Segment > 3);
    }

    // Whoever runs tests may read everything, but nobody reads a folder as a file.
    private static void Hide(string file)
    {
        File.Move(file, file + ".away");
        Directory.CreateDirectory(file);
    }

    private static void Show(string file)
    {
        Directory.Delete(file);
        File.Move(file + ".away", file);
    }

    private ShippedJournal Open(ShippedJournal journal) =>
        journal.Open(_sink, ShippedJournal.Quick with { DegradedAfter = TimeSpan.FromSeconds(10), BatchRecords = 37 }, _time, new() { MaxInFlight = 16, SegmentBytes = 1024 * 1024 });

    private async Task StopAsync(ShippedJournal journal)
    {
        await journal.Journal.DisposeAsync();
        var stopping = journal.Shippers.StopAsync();
        await AdvanceUntilAsync(() => stopping.IsCompleted);
        journal.Shippers.Dispose();
    }

    private Task AdvanceUntilAsync(Func<bool> isSo) => ShippedJournal.UntilAsync(() =>
    {
        _time.Advance(TimeSpan.FromMilliseconds(100));
        return isSo();
    });
}
