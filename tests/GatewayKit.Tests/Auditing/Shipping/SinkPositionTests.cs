using System.Text.Json;
using GatewayKit.Auditing.Shipping;

namespace GatewayKit.Tests.Auditing.Shipping;

/// <summary>Sinks that keep their positions themselves, and what somebody else has made of these.</summary>
public sealed class SinkPositionTests
{
    [Fact]
    public async Task Position_that_somebody_has_moved_on_makes_nobody_leave_out_a_line()
    {
        var sink = new ListSink { Kept = [] };
        await using var journal = await WithMissedAsync(sink);
        sink.Kept = [new(journal.Journal.Boot, 9, 0, 9, 0)];
        await OpenAsync(journal, sink);
        Assert.Equal(journal.Written(), sink.Lines);
        Assert.Empty(journal.DeadLetters());
    }

    [Fact]
    public async Task Boot_that_was_not_begun_begins_at_its_beginning_whatever_the_sink_says()
    {
        var sink = new ListSink { Kept = [], Answer = static (_, _) => throw new InvalidOperationException("down") };
        await using var journal = new ShippedJournal().Open(new ListSink { Kept = [] });
        await journal.StopAsync();
        journal.Open(sink);
        journal.Write(20);
        await journal.StopAsync();

        sink.Kept = [new(journal.Journal.Boot, 9, 0, 9, 0)];
        sink.Answer = static (_, _) => Task.FromResult<AuditReceipt?>(null);
        await OpenAsync(journal, sink);
        Assert.Equal(20, sink.Lines.Count(static line => line.Contains("\"test\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Position_of_the_sink_counts_where_the_file_is_lost()
    {
        var sink = new ListSink { Kept = [] };
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(20);
        await journal.StopAsync();
        sink.Kept = [new(journal.Journal.Boot, 9, 0, 9, 0)];
        File.Delete(Path.Combine(journal.Shipping, "copy.position"));
        await OpenAsync(journal, sink);
        Assert.Equal(0, sink.Repeated);

        // And it is there again.
        Assert.True(File.Exists(Path.Combine(journal.Shipping, "copy.position")));
    }

    [Theory]
    [InlineData("copy.position")]
    [InlineData("copy.position.new")]
    public async Task Position_of_the_sink_counts_where_its_file_can_be_neither_read_nor_written(string file)
    {
        var sink = new ListSink { Kept = [] };
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(20);
        await journal.StopAsync();
        sink.Kept = [.. PositionsOf(journal)];

        // Whoever runs tests may read and write everything, but a folder is no file.
        File.Delete(Path.Combine(journal.Shipping, file));
        Directory.CreateDirectory(Path.Combine(journal.Shipping, file));
        await OpenAsync(journal, sink);
        Assert.Equal(0, sink.Repeated);
        Assert.Equal(journal.Written(), sink.Lines);
    }

    [Fact]
    public async Task Sink_that_keeps_no_position_gets_nothing_twice_because_its_file_cannot_be_read()
    {
        var sink = new ListSink();
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(20);
        await journal.StopAsync();
        File.Move(Path.Combine(journal.Shipping, "copy.position"), Path.Combine(journal.Shipping, "away"));
        Directory.CreateDirectory(Path.Combine(journal.Shipping, "copy.position"));
        await OpenAsync(journal, sink);
        Assert.Equal(0, sink.Repeated);
        Directory.Delete(Path.Combine(journal.Shipping, "copy.position"));
        File.Move(Path.Combine(journal.Shipping, "away"), Path.Combine(journal.Shipping, "copy.position"));
        await OpenAsync(journal, sink);
        Assert.Equal(0, sink.Repeated);
        Assert.Equal(journal.Written(), sink.Lines);
    }

    [Fact]
    public async Task Sink_that_has_lost_what_it_had_gets_it_again_although_the_file_says_more()
    {
        var sink = new ListSink { Kept = [] };
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(20);
        await journal.StopAsync();
        var before = journal.Written().Count;
        await OpenAsync(journal, sink);
        Assert.Equal(before, sink.Repeated);
    }

    [Theory]
    [InlineData(0, 0, 1, 0)]
    [InlineData(1, -1, 1, 0)]
    [InlineData(1, 0, -4, 0)]
    [InlineData(1, 0, 1, -7)]
    public async Task Place_that_there_cannot_be_counts_as_none(int segment, long offset, int checkpointSegment, long checkpointOffset)
    {
        var sink = new ListSink { Kept = [] };
        await using var journal = await WithMissedAsync(sink);
        sink.Kept = [new(journal.Journal.Boot, segment, offset, checkpointSegment, checkpointOffset)];
        await OpenAsync(journal, sink);
        Assert.Equal(journal.Written(), sink.Lines);
    }

    // A boot of which the sink has the first batch alone.
    private static async Task<ShippedJournal> WithMissedAsync(ListSink sink)
    {
        var journal = new ShippedJournal().Open(sink, ShippedJournal.Quick with { BatchRecords = 10 });
        await ShippedJournal.UntilAsync(() => sink.Calls > 0 && File.Exists(Path.Combine(journal.Shipping, "copy.position")));
        sink.Answer = static (_, _) => throw new InvalidOperationException("down");
        journal.Write(100);
        await journal.StopAsync();
        sink.Answer = static (_, _) => Task.FromResult<AuditReceipt?>(null);
        Assert.NotEqual(journal.Written().Count, sink.Lines.Count);
        return journal;
    }

    private static AuditPosition[] PositionsOf(ShippedJournal journal) => JsonSerializer.Deserialize<AuditPosition[]>(File.ReadAllBytes(Path.Combine(journal.Shipping, "copy.position")))!;

    private static async Task OpenAsync(ShippedJournal journal, ListSink sink)
    {
        journal.Open(sink);
        await journal.StopAsync();
    }
}
