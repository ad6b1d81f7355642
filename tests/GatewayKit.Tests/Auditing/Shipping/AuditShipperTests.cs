using System.IO.Compression;
using System.Text.Json;
using GatewayKit.Auditing.Shipping;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Shipping;

public sealed class AuditShipperTests
{
    [Fact]
    public async Task Sink_has_every_line_as_it_was_written_when_the_journal_is_closed()
    {
        var sink = new ListSink();
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(5_000);
        await journal.StopAsync();
        Assert.Equal(journal.Written(), sink.Lines);
        Assert.Contains(sink.Lines, static line => line.Contains("audit.stopped", StringComparison.Ordinal));
        Assert.Equal(0, sink.Repeated);
    }

    [Fact]
    public async Task Open_segment_is_followed_while_it_is_written()
    {
        var sink = new ListSink();
        await using var journal = new ShippedJournal().Open(sink);
        for (var round = 1; round <= 5; round++)
        {
            journal.Write(10);
            var wanted = round * 10;
            await ShippedJournal.UntilAsync(() => sink.Lines.Count(static line => line.Contains("\"test\"", StringComparison.Ordinal)) == wanted);
        }

        await journal.StopAsync();
    }

    [Fact]
    public async Task Segments_follow_one_another()
    {
        var sink = new ListSink();
        await using var journal = new ShippedJournal().Open(sink, ShippedJournal.Quick with { BatchRecords = 37 }, journal: new() { MaxInFlight = 16, SegmentBytes = 1024 * 1024 });
        for (var part = 0; part < 8; part++)
        {
            journal.Write(100, bytes: 4_000);
            await ShippedJournal.UntilAsync(() => journal.Journal.QueuedLines is 0);
        }

        await journal.StopAsync();
        Assert.True(journal.Journal.Written.Segment > 2);
        Assert.Equal(journal.Written(), sink.Lines);
        Assert.False(journal.Shippers.HasAll(journal.Journal.Boot, journal.Journal.Written.Segment));
    }

    [Fact]
    public async Task What_a_sink_missed_comes_with_the_next_boot_and_once()
    {
        var sink = new ListSink { Answer = static (_, token) => throw new InvalidOperationException("down") };
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(100);
        await ShippedJournal.UntilAsync(() => sink.Calls > 0);
        await journal.StopAsync();
        Assert.Empty(sink.Lines);

        sink.Answer = static (_, _) => Task.FromResult<AuditReceipt?>(null);
        journal.Open(sink);
        journal.Write(10);
        await journal.StopAsync();
        journal.Open(sink);
        await journal.StopAsync();
        Assert.Equal(journal.Written(), sink.Lines);
        Assert.Equal(0, sink.Repeated);
    }

    [Fact]
    public async Task Compressed_segment_is_read_from_the_middle_on()
    {
        var sink = new ListSink();
        await using var journal = new ShippedJournal().Open(sink, ShippedJournal.Quick with { BatchRecords = 10 });
        var stopAt = 3;
        sink.Answer = (_, token) => sink.Calls <= stopAt ? Task.FromResult<AuditReceipt?>(null) : Task.Delay(Timeout.Infinite, token).ContinueWith(static _ => (AuditReceipt?)null, TaskScheduler.Default);
        journal.Write(100);
        await ShippedJournal.UntilAsync(() => sink.Calls > stopAt);
        await journal.Journal.DisposeAsync();
        var before = sink.Lines.Count;
        await journal.StopAsync();
        foreach (var segment in Directory.GetFiles(journal.Folder.Root, "*.gkal", SearchOption.AllDirectories))
        {
            await using (var target = new GZipStream(File.Create(segment + ".gz"), CompressionMode.Compress))
            {
                await target.WriteAsync(await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
            }

            File.Delete(segment);
        }

        stopAt = int.MaxValue;
        journal.Open(sink);
        await journal.StopAsync();
        Assert.InRange(before, 1, 40);
        Assert.Equal(journal.Written(), sink.Lines);
    }

    [Fact]
    public async Task Record_that_the_sink_refuses_is_found_and_noted_by_its_hash_and_the_others_get_there()
    {
        const string Poison = "\"number\":57,";
        var sink = new ListSink
        {
            Answer = static (batch, _) => batch.Records.Any(static record => System.Text.Encoding.UTF8.GetString(record.Line.Span).Contains(Poison, StringComparison.Ordinal))
                ? throw new AuditBatchRejectedException("too strange")
                : Task.FromResult<AuditReceipt?>(null),
        };
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(200);
        await journal.StopAsync();
        var poison = journal.Written().Single(static line => line.Contains(Poison, StringComparison.Ordinal));
        Assert.Equal(journal.Written().Where(line => line != poison), sink.Lines);
        var letter = Assert.Single(journal.DeadLetters());
        Assert.Equal((ShippedJournal.SequenceOf(poison), "too strange"), (letter.GetProperty("seq").GetInt64(), letter.GetProperty("reason").GetString()));
        Assert.EndsWith($"\"h\":\"{letter.GetProperty("h").GetString()}\"}}", poison);
        Assert.False(letter.TryGetProperty("line", out _));
    }

    [Fact]
    public async Task Checkpoints_that_the_sink_says_it_refused_are_counted_and_the_records_beside_them_count_as_sent()
    {
        var sink = new ListSink { Answer = static (batch, _) => Task.FromResult(batch.Checkpoints.Count > 0 ? new AuditReceipt { Checkpoints = new(batch.Checkpoints.Count, "too late") } : null) };
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(20);
        await journal.StopAsync();
        Assert.Equal(journal.Written(), sink.Lines);
        Assert.Equal(0, sink.Repeated);
        Assert.NotEmpty(journal.DeadLetters());
        Assert.All(journal.DeadLetters(), static letter => Assert.Equal("too late", letter.GetProperty("reason").GetString()));
        Assert.Equal(sink.Checkpoints.Count, journal.DeadLetters().Sum(static letter => letter.GetProperty("n").GetInt64()));
    }

    [Fact]
    public async Task Line_of_a_past_boot_that_is_none_is_noted_and_passed_over()
    {
        var sink = new ListSink { Answer = static (_, _) => throw new InvalidOperationException("down") };
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(20);
        await journal.StopAsync();
        var segment = Directory.GetFiles(journal.Folder.Root, "*.gkal", SearchOption.AllDirectories).Single();
        var lines = await File.ReadAllLinesAsync(segment, TestContext.Current.CancellationToken);
        lines[5] = "not a line";
        await File.WriteAllTextAsync(segment, string.Join('\n', lines) + "\n{\"torn", TestContext.Current.CancellationToken);

        sink.Answer = static (_, _) => Task.FromResult<AuditReceipt?>(null);
        journal.Open(sink);
        await journal.StopAsync();
        Assert.Equal(journal.Written().Where(static line => line is not ("not a line" or "{\"torn")), sink.Lines);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("not a line"u8)), Assert.Single(journal.DeadLetters()).GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Record_that_was_changed_at_the_sink_is_told_in_the_journal()
    {
        var sink = new ListSink { Answer = static (batch, _) => Task.FromResult(batch.Records is [{ Sequence: 0 }, ..] ? new AuditReceipt { Conflicts = [new(0, "another")] } : null) };
        await using var journal = new ShippedJournal().Open(sink);
        await ShippedJournal.UntilAsync(() => sink.Lines.Any(static line => line.Contains("integrity_violation", StringComparison.Ordinal)));
        await journal.StopAsync();
        var told = JsonElement.Parse(sink.Lines.Single(static line => line.Contains("integrity_violation", StringComparison.Ordinal)));
        Assert.Equal(("copy", 0, "another"), (told.GetProperty("sink").GetString(), told.GetProperty("at").GetInt64(), told.GetProperty("found").GetString()));
    }

    [Fact]
    public async Task Checkpoint_that_was_forged_at_the_sink_is_told_in_the_journal()
    {
        var sink = new ListSink { Answer = static (batch, _) => Task.FromResult(batch.Records is [{ Sequence: 0 }, ..] ? new AuditReceipt { CheckpointConflicts = [new(7, "another")] } : null) };
        await using var journal = new ShippedJournal().Open(sink);
        await ShippedJournal.UntilAsync(() => sink.Lines.Any(static line => line.Contains("integrity_violation", StringComparison.Ordinal)));
        await journal.StopAsync();
        var told = JsonElement.Parse(sink.Lines.Single(static line => line.Contains("integrity_violation", StringComparison.Ordinal)));
        Assert.Equal((7, "another", false), (told.GetProperty("checkpoint").GetInt64(), told.GetProperty("found").GetString(), told.TryGetProperty("at", out _)));
    }

    [Fact]
    public async Task Sink_that_is_down_for_long_is_told_in_the_journal_and_that_it_is_back()
    {
        var time = new FakeTimeProvider();
        var isDown = true;
        var sink = new ListSink { Answer = (_, _) => isDown ? throw new InvalidOperationException("down") : Task.FromResult<AuditReceipt?>(null) };
        await using var journal = new ShippedJournal().Open(sink, ShippedJournal.Quick with { DegradedAfter = TimeSpan.FromSeconds(10) }, time);
        journal.Write(1);
        await ShippedJournal.UntilAsync(() => sink.Calls > 0);
        await AdvanceUntilAsync(() => journal.Shippers.All[0].IsDegraded);
        Assert.True(journal.Shippers.All[0].Lag.Elapsed > TimeSpan.FromSeconds(10));
        isDown = false;
        await AdvanceUntilAsync(() => !journal.Shippers.All[0].IsDegraded && sink.Lines.Any(static line => line.Contains("audit.recovered", StringComparison.Ordinal)));
        Assert.Single(sink.Lines, static line => line.Contains("audit.degraded", StringComparison.Ordinal) && line.Contains("\"sink\":\"copy\"", StringComparison.Ordinal));
        Assert.Equal(0, journal.Shippers.All[0].Lag.Bytes());
        await journal.Journal.DisposeAsync();
        var stopping = journal.Shippers.StopAsync();
        await AdvanceUntilAsync(() => stopping.IsCompleted);

        Task AdvanceUntilAsync(Func<bool> isSo) => ShippedJournal.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return isSo();
        });
    }

    [Fact]
    public async Task Sink_that_says_when_it_has_time_is_left_alone_until_then()
    {
        var time = new FakeTimeProvider();
        var isFirst = true;
        var sink = new ListSink { Answer = (_, _) => Interlocked.Exchange(ref isFirst, false) ? throw new AuditSinkBusyException("busy") { RetryAfter = TimeSpan.FromSeconds(120) } : Task.FromResult<AuditReceipt?>(null) };
        await using var journal = new ShippedJournal().Open(sink, time: time);
        await ShippedJournal.UntilAsync(() => sink.Calls is 1);
        for (var second = 0; second < 119; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(1, sink.Calls);
        await ShippedJournal.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return sink.Calls > 1;
        });
    }

    // Retry-After: 0, again and again, is no leave to ask without a pause.
    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task Sink_that_says_at_once_is_left_alone_for_half_a_second(int seconds)
    {
        var time = new FakeTimeProvider();
        var sink = new ListSink { Answer = (_, _) => throw new AuditSinkBusyException("busy") { RetryAfter = TimeSpan.FromSeconds(seconds) } };
        await using var journal = new ShippedJournal().Open(sink, time: time);
        for (var call = 1; call < 5; call++)
        {
            var elapsed = TimeSpan.Zero;
            await ShippedJournal.UntilAsync(() => sink.Calls == call);
            await ShippedJournal.UntilAsync(() =>
            {
                time.Advance(TimeSpan.FromMilliseconds(50));
                elapsed += TimeSpan.FromMilliseconds(50);
                return sink.Calls > call;
            });
            Assert.True(elapsed >= TimeSpan.FromMilliseconds(450), $"after {elapsed}");
        }
    }

    [Fact]
    public async Task Position_that_cannot_be_read_costs_nothing_but_sending_again()
    {
        var sink = new ListSink();
        await using var journal = new ShippedJournal().Open(sink);
        journal.Write(10);
        await journal.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(journal.Shipping, "copy.position"), "{ torn", TestContext.Current.CancellationToken);
        journal.Open(sink);
        await journal.StopAsync();
        Assert.Equal(journal.Written(), sink.Lines);
        Assert.True(sink.Repeated > 10);
    }

    [Fact]
    public async Task Compressed_segment_that_does_not_begin_like_one_is_noted_and_passed_over()
    {
        var sink = new ListSink();
        await using var journal = await WithFourSegmentsAsync(sink);
        var segment = Segment(journal, 2);
        var expected = journal.Written().Except(await File.ReadAllLinesAsync(segment, TestContext.Current.CancellationToken)).ToList();
        File.Delete(segment);
        await File.WriteAllTextAsync(segment + ".gz", "this is no gzip at all, whatever it is called", TestContext.Current.CancellationToken);

        journal.Open(sink);
        await journal.StopAsync();
        Assert.Equal((2, "the segment is damaged"), (Assert.Single(journal.DeadLetters()).GetProperty("segment").GetInt32(), journal.DeadLetters()[0].GetProperty("reason").GetString()));
        Assert.Empty(expected.Except(sink.Lines));
    }

    [Fact]
    public async Task Segments_that_are_missing_are_noted_unless_one_of_the_directories_is_missing_too()
    {
        var sink = new ListSink();
        var alternate = Path.Combine(Path.GetTempPath(), $"not-mounted-{Guid.NewGuid():N}");
        await using var journal = await WithFourSegmentsAsync(sink, alternate);
        var (first, segment) = (await File.ReadAllLinesAsync(Segment(journal, 1), TestContext.Current.CancellationToken), Segment(journal, 2));
        var boot = Path.GetFileName(Path.GetDirectoryName(segment)!);
        File.Delete(segment);
        journal.Open(sink);
        await journal.StopAsync();
        Assert.Empty(journal.DeadLetters());
        Assert.Equal(first, sink.Lines.Where(line => first.Contains(line)));
        Assert.Equal(first.Count(IsTest), sink.Lines.Count(IsTest));

        // It is there now, and the segment is not in it.
        Directory.CreateDirectory(alternate);
        try
        {
            journal.Open(sink);
            await journal.StopAsync();
            Assert.Equal((2, "the segments to 2 are not there"), (Assert.Single(journal.DeadLetters()).GetProperty("segment").GetInt32(), journal.DeadLetters()[0].GetProperty("reason").GetString()));
            Assert.Empty(journal.Written().Except(sink.Lines));
            Assert.Equal(boot, journal.DeadLetters()[0].GetProperty("boot").GetString());
        }
        finally
        {
            Directory.Delete(alternate, recursive: true);
        }

        static bool IsTest(string line) => line.Contains("\"test\"", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Segment_that_cannot_be_read_holds_up_its_boot_and_no_other_and_comes_when_it_can_be()
    {
        var sink = new ListSink();
        await using var journal = await WithFourSegmentsAsync(sink);
        var segment = Segment(journal, 2);
        File.Move(segment, segment + ".away");
        Directory.CreateDirectory(segment);
        journal.Open(sink);
        journal.Write(5);
        await journal.StopAsync();
        var first = await File.ReadAllLinesAsync(Segment(journal, 1), TestContext.Current.CancellationToken);
        Assert.Equal(first, sink.Lines.Where(line => first.Contains(line)));
        Assert.DoesNotContain(sink.Lines, line => line.Contains("xxx", StringComparison.Ordinal) && !first.Contains(line));
        Assert.Equal(5, sink.Lines.Count(static line => line.Contains("\"text\":\"\"", StringComparison.Ordinal)));
        Assert.Empty(journal.DeadLetters());

        Directory.Delete(segment);
        File.Move(segment + ".away", segment);
        journal.Open(sink);
        await journal.StopAsync();
        Assert.Equal(journal.Written(), sink.Lines);
        Assert.Empty(journal.DeadLetters());
    }

    [Fact]
    public async Task Checkpoint_that_the_sink_refuses_is_found_among_the_others()
    {
        var sink = new ListSink();
        await using var journal = await WithFourSegmentsAsync(sink);
        var all = Directory.GetFiles(journal.Folder.Root, "*.ck", SearchOption.AllDirectories).Order(StringComparer.Ordinal).SelectMany(File.ReadAllLines).ToList();
        Assert.True(all.Count > 2);
        var poison = all[1];
        sink.Answer = (batch, _) => batch.Checkpoints.Any(line => System.Text.Encoding.UTF8.GetString(line.Span) == poison) ? throw new AuditBatchRejectedException("too strange") : Task.FromResult<AuditReceipt?>(null);
        journal.Open(sink);
        await journal.StopAsync();
        Assert.Equal((1, 1), (Assert.Single(journal.DeadLetters()).GetProperty("checkpoints").GetInt32(), journal.DeadLetters()[0].GetProperty("n").GetInt32()));
        Assert.Empty(all.Where(line => line != poison).Except(sink.Checkpoints));
        Assert.DoesNotContain(poison, sink.Checkpoints);
        Assert.Equal(journal.Written(), sink.Lines);
    }

    // Written while the sink was down.
    private static async Task<ShippedJournal> WithFourSegmentsAsync(ListSink sink, string? alternate = null)
    {
        sink.Answer = static (_, _) => throw new InvalidOperationException("down");
        var journal = new ShippedJournal(alternate: alternate).Open(sink, journal: new() { MaxInFlight = 16, SegmentBytes = 1024 * 1024 });
        for (var part = 0; part < 10; part++)
        {
            journal.Write(100, bytes: 4_000);
            await ShippedJournal.UntilAsync(() => journal.Journal.QueuedLines is 0);
        }

        await journal.StopAsync();
        Assert.True(journal.Journal.Written.Segment > 3);
        sink.Answer = static (_, _) => Task.FromResult<AuditReceipt?>(null);
        return journal;
    }

    private static string Segment(ShippedJournal journal, int number) => Directory.GetFiles(journal.Folder.Root, $"{number:D8}.gkal", SearchOption.AllDirectories).Single(path => Directory.GetFiles(Path.GetDirectoryName(path)!, "*.gkal").Length > 1);
}
