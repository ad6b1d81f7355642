using GatewayKit.Auditing;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Tests.Auditing.Shipping;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>What was written to another directory after the disk had failed is treated like the rest.</summary>
public sealed class JournalAlternateTests : IDisposable
{
    private readonly JournalFolder _folder = new(), _alternate = new();
    private readonly FaultyFiles _files = new();

    public void Dispose()
    {
        _folder.Dispose();
        _alternate.Dispose();
    }

    [Fact]
    public async Task Segments_of_both_directories_are_sealed_compressed_read_and_shipped()
    {
        var (_, second) = await FailOverAsync();
        Assert.Contains("\"last\":true", File.ReadLines(Path.ChangeExtension(second, ".ck")).Last(), StringComparison.Ordinal);
        var text = JournalFolder.Text(second);

        await using (Open(new() { MaxInFlight = 64, CompressAfter = TimeSpan.Zero, AlternateDirectory = _alternate.Root }))
        {
            await JournalFaultTests.UntilAsync(() => !File.Exists(second) && File.Exists(second + ".gz"));
            Assert.Equal(text, JournalFolder.Text(second + ".gz"));
        }

        var report = await new AuditLog(_folder.Root, _alternate.Root).VerifyAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.IsIntact, report.ToString());

        // Without the other directory something is missing.
        Assert.False((await new AuditLog(_folder.Root).VerifyAsync(cancellationToken: TestContext.Current.CancellationToken)).IsIntact);

        var sink = new ListSink();
        await using var shipped = new ShippedJournal(_folder, _alternate.Root);
        await shipped.Open(sink).StopAsync();
        Assert.Contains(sink.Lines, static line => line.Contains("\"rid\":\"elsewhere\"", StringComparison.Ordinal));
        Assert.All(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains(line, sink.Lines));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Segments_of_both_directories_are_deleted_when_their_time_has_come(bool isCompressed)
    {
        var (first, second) = await FailOverAsync();
        await using (var journal = Open(new() { MaxInFlight = 64, CompressAfter = isCompressed ? TimeSpan.Zero : TimeSpan.FromDays(90), AlternateDirectory = _alternate.Root }))
        {
            await JournalFaultTests.UntilAsync(() => File.Exists(second) != isCompressed);
            var pruner = new SegmentPruner(journal.Instance, [_folder.Root, _alternate.Root], DateTimeOffset.UtcNow.AddMinutes(1), static () => [], new(1), [], _folder.Logger);
            Assert.Equal(2, (await pruner.RunAsync(journal, null, TestContext.Current.CancellationToken)).Segments);
        }

        Assert.All([first, second], static segment => Assert.False(Directory.Exists(Path.GetDirectoryName(segment))));
        var report = await new AuditLog(_folder.Root, _alternate.Root).VerifyAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.IsIntact, report.ToString());
    }

    // Both disks were away, so that nothing was set aside when it went over.
    [Fact]
    public async Task Room_for_a_full_disk_is_set_aside_when_the_other_directory_is_back()
    {
        await using var journal = Open(new() { MaxInFlight = 64, AlternateDirectory = _alternate.Root });
        _files.OnWrite = static path => path.EndsWith(JournalPaths.Segment, StringComparison.Ordinal) ? new(FaultyFiles.Broken()) : null;
        Assert.False(await journal.BeginAsync("refused"));
        Assert.Equal(JournalState.Failed, journal.State);
        _files.OnWrite = null;
        await JournalFaultTests.UntilAsync(() => journal.State is JournalState.Running && File.Exists(Path.Combine(_alternate.Root, "one", JournalPaths.Reserve)));
    }

    // "here" waited for the disk, and has the number 2.
    [Fact]
    public async Task What_the_disk_had_before_it_failed_is_not_excused_by_the_failure()
    {
        var (first, second) = await FailOverAsync();
        Assert.Contains("\"reason\":\"write-failed\",\"segment\":1,\"syncedSeq\":2", JournalFolder.Text(second), StringComparison.Ordinal);
        File.Delete(Path.ChangeExtension(first, JournalPaths.Checkpoints));
        File.WriteAllText(first, string.Concat(File.ReadAllLines(first).Take(2).Select(static line => line + "\n")));
        var report = await new AuditLog(_folder.Root, _alternate.Root).VerifyAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains(report.Findings, static finding => finding.Code is AuditFindingCode.MissingLines && finding.Level is AuditFindingLevel.Violation);
    }

    // A boot whose second segment is in the other directory.
    private async Task<(string First, string Second)> FailOverAsync()
    {
        await using var journal = Open(new() { MaxInFlight = 64, AlternateDirectory = _alternate.Root });
        Assert.True(await journal.BeginAsync("here", AuditDelivery.Strict));
        _files.OnWrite = path => path.StartsWith(_folder.Root, StringComparison.Ordinal) ? new(FaultyFiles.Broken()) : null;
        Assert.True(await journal.BeginAsync("elsewhere", AuditDelivery.Strict));
        journal.End("here", AuditDelivery.Strict);
        journal.End("elsewhere", AuditDelivery.Strict);
        await journal.DisposeAsync();
        _files.OnWrite = null;
        return (Segment(_folder, journal, 1), Segment(_alternate, journal, 2));
    }

    private static string Segment(JournalFolder folder, AuditJournal journal, int number) => Path.Combine(folder.Root, "one", journal.Boot.ToString(), $"{number:D8}.gkal");

    private AuditJournal Open(JournalOptions options) => _folder.Open(options, files: _files);
}
