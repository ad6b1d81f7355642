using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class JournalRecoveryTests : IDisposable
{
    private const string Half = """{"v":1,"kind":"end","rid":"2","se""";

    private readonly JournalFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Boots_are_chained_and_a_clean_end_is_no_crash()
    {
        await WriteAsync("1");
        await WriteAsync("2");
        await WriteAsync("3");

        var heads = _folder.Lines().Where(static line => line.GetProperty("kind").GetString() == "segment").ToArray();
        Assert.Equal(["", .. heads[..2].Select(static head => head.GetProperty("boot").GetString())], heads.Select(static head => head.GetProperty("prevBoot").GetString()));
        Assert.Empty(_folder.EventsOf("crash_report"));
    }

    // On a disk that is mounted to be read, or of somebody who protects what is over.
    [Fact]
    public async Task Files_of_a_boot_that_ended_well_need_not_be_writable()
    {
        await WriteAsync("1");
        var files = new FaultyFiles { OnOpen = static path => throw new UnauthorizedAccessException(path) };
        await using (var journal = _folder.Open(files: files))
        {
            Assert.True(await journal.BeginAsync("2"));
        }

        Assert.Contains(files.Synced, path => path == _folder.Segments()[0]);
        Assert.Empty(_folder.EventsOf("crash_report"));
    }

    [Fact]
    public async Task Torn_tail_is_cut_kept_and_told_of_in_the_first_line_of_the_new_boot()
    {
        await WriteAsync("1", "2");
        var segment = _folder.Crash(5, Half);
        await WriteAsync("3");

        var report = Assert.Single(_folder.EventsOf("crash_report"));
        Assert.Equal(1, report.GetProperty("seq").GetInt64());
        Assert.Equal(Half.Length, report.GetProperty("cutBytes").GetInt32());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Half))), report.GetProperty("sha256").GetString());
        Assert.Equal(["2"], report.GetProperty("beginsWithoutEnd").EnumerateArray().Select(static id => id.GetString()));
        Assert.Equal(Half, File.ReadAllText(Path.ChangeExtension(segment, ".torn")));

        await WriteAsync("4");
        Assert.Single(_folder.EventsOf("crash_report"));
    }

    [Fact]
    public async Task Crash_between_lines_is_told_of_too()
    {
        await WriteAsync("1");
        _folder.Crash(3);
        await WriteAsync("2");
        var report = Assert.Single(_folder.EventsOf("crash_report"));
        Assert.Equal((0, 1), (report.GetProperty("cutBytes").GetInt32(), report.GetProperty("open").GetInt32()));
        Assert.Single(_folder.Logged, static line => line.Contains("ends as after a crash", StringComparison.Ordinal) && line.Contains(" 1 requests had begun", StringComparison.Ordinal));
    }

    // A checkpoint of the second segment says that the disk has the first one.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_kill_has_left_is_on_the_disk_before_a_boot_follows_it(bool isSigned)
    {
        await WriteTwoSegmentsAsync();
        string[] segments = [.. _folder.Segments()];
        if (!isSigned)
        {
            _folder.Crash(2);
        }

        List<string> synced = [];
        var isBegun = false;
        var files = new FaultyFiles
        {
            OnSync = path => { if (!isBegun) { synced.Add(path); } },
            OnCreate = path => isBegun |= path.EndsWith(JournalPaths.Segment, StringComparison.Ordinal),
        };
        await _folder.Open(files: files).DisposeAsync();

        Assert.Contains(segments[1], synced);
        Assert.Equal(!isSigned, synced.Contains(segments[0]));
        Assert.Contains(Path.ChangeExtension(segments[isSigned ? 1 : 0], JournalPaths.Checkpoints), synced);
        var boot = Path.GetDirectoryName(segments[1])!;
        Assert.All([boot, Path.GetDirectoryName(boot)!, _folder.Root], folder => Assert.Contains(folder, synced));
    }

    [Theory]
    [InlineData(JournalPaths.Segment)]
    [InlineData(JournalPaths.Checkpoints)]
    public async Task No_boot_follows_what_the_disk_does_not_keep(string extension)
    {
        await WriteAsync("1");
        var files = new FaultyFiles { OnSync = path => { if (path.EndsWith(extension, StringComparison.Ordinal)) { throw FaultyFiles.Broken(); } } };
        Assert.Throws<IOException>(() => _folder.Open(files: files));
        Assert.Single(_folder.Segments());
    }

    [Fact]
    public async Task Beginning_that_was_made_void_is_none_that_a_crash_has_left_open()
    {
        await using (var journal = _folder.Open())
        {
            Assert.True(await journal.BeginAsync("refused"));
            Assert.True(await journal.BeginAsync("open"));
            await journal.AppendAsync(journal.NewEvent(VoidLines.Event, static json => VoidLines.Write(json, [2])));
        }

        var before = _folder.Lines();
        Assert.Equal("refused", before[2].GetProperty("rid").GetString());
        _folder.Crash(before.Count - 1);
        await WriteAsync("3");
        var report = Assert.Single(_folder.EventsOf("crash_report"));
        Assert.Equal(["open"], report.GetProperty("beginsWithoutEnd").EnumerateArray().Select(static id => id.GetString()));
        Assert.Equal(1, report.GetProperty("open").GetInt32());
    }

    // Whatever step of the repair is the last one, the next start comes to the same result.
    [Fact]
    public async Task Repair_that_is_killed_comes_to_the_same_result_the_next_time()
    {
        await WriteAsync("1", "2");
        var segment = _folder.Crash(5, Half);
        var whole = File.ReadAllText(segment);
        var reached = 0;
        for (var last = 1; last == reached + 1; last++)
        {
            Reset();
            var (step, files) = (0, new FaultyFiles());
            files.OnWrite = path => ++step >= last ? new(FaultyFiles.Broken(), 7) : null;
            files.OnSync = _ => { if (++step >= last) { throw FaultyFiles.Broken(); } };
            files.OnCreate = _ => { if (++step >= last) { throw FaultyFiles.Broken(); } };
            files.OnTruncate = _ => { if (++step >= last) { throw FaultyFiles.Broken(); } };
            try
            {
                await _folder.Open(files: files).DisposeAsync();
            }
            catch (IOException)
            {
                reached = last;
            }

            if (reached == last)
            {
                await WriteAsync("3");
                var report = Assert.Single(_folder.EventsOf("crash_report"));
                Assert.Equal(Half.Length, report.GetProperty("cutBytes").GetInt32());
                Assert.Equal(Half, File.ReadAllText(Path.ChangeExtension(segment, ".torn")));
                Assert.Equal(whole[..^Half.Length], File.ReadAllText(segment));
            }
        }

        Assert.InRange(reached, 8, 30);

        void Reset()
        {
            File.WriteAllText(segment, whole);
            File.Delete(Path.ChangeExtension(segment, ".torn"));
            foreach (var boot in Directory.GetDirectories(Path.Combine(_folder.Root, "one")).Where(path => path != Path.GetDirectoryName(segment) && !path.EndsWith("keys", StringComparison.Ordinal)))
            {
                Directory.Delete(boot, recursive: true);
            }
        }
    }

    [Fact]
    public async Task Boot_that_got_no_further_than_its_first_line_is_told_of_together_with_the_one_before()
    {
        await WriteAsync("1");
        _folder.Crash(3, Half);
        await WriteAsync("2");
        _folder.Crash(1);
        await WriteAsync("3");
        Assert.Equal([Half.Length, 0], _folder.EventsOf("crash_report").Select(static report => report.GetProperty("cutBytes").GetInt32()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"v\":1,\"kind\":\"segm")]
    public async Task Boot_without_a_whole_first_line_is_none(string start)
    {
        await WriteAsync("1");
        await WriteAsync("2");
        var second = _folder.Segments()[^1];
        File.WriteAllText(second, start);
        File.Delete(Path.ChangeExtension(second, ".ck"));
        await WriteAsync("3");
        Assert.Equal(2, _folder.Lines().Count(static line => line.GetProperty("kind").GetString() == "segment"));
        var report = await new GatewayKit.Auditing.Reading.AuditLog(_folder.Root).VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
    }

    // Half of it, or all but its line end.
    [Theory]
    [InlineData(100)]
    [InlineData(1)]
    public async Task Checkpoint_that_a_crash_has_cut_is_none(int missing)
    {
        await WriteAsync("1");
        var checkpoints = Path.ChangeExtension(_folder.Segments()[^1], ".ck");
        await File.WriteAllTextAsync(checkpoints, (await File.ReadAllTextAsync(checkpoints))[..^missing]);
        await WriteAsync("2");
        await WriteAsync("3");
        var report = await new GatewayKit.Auditing.Reading.AuditLog(_folder.Root).VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
    }

    // The disk of the first segment took half of one, and the process was killed before it had made another.
    [Fact]
    public async Task Checkpoint_that_was_cut_in_front_of_another_one_is_none_either()
    {
        await WriteTwoSegmentsAsync();
        foreach (var checkpoints in _folder.Segments().Select(static segment => Path.ChangeExtension(segment, ".ck")))
        {
            await File.WriteAllTextAsync(checkpoints, (await File.ReadAllTextAsync(checkpoints))[..100]);
        }

        await WriteAsync("2");
        var report = await new GatewayKit.Auditing.Reading.AuditLog(_folder.Root).VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
    }

    [Fact]
    public async Task Segment_without_a_whole_first_line_does_not_hide_the_one_before_it()
    {
        await WriteAsync("1");
        var next = _folder.Segments()[^1].Replace("00000001", "00000002", StringComparison.Ordinal);
        File.WriteAllText(next, string.Empty);
        await WriteAsync("2");
        Assert.False(File.Exists(next));
        Assert.Equal(2, _folder.Lines().Count(static line => line.GetProperty("kind").GetString() == "segment"));
        var verification = await new GatewayKit.Auditing.Reading.AuditLog(_folder.Root).VerifyAsync();
        Assert.True(verification.IsIntact, verification.ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Damage_that_no_crash_explains_is_left_alone_and_told_of(bool isEdited)
    {
        await WriteAsync("1", "2");
        var segment = _folder.Segments()[^1];
        var text = File.ReadAllText(segment);
        if (isEdited)
        {
            // Another line follows.
            _folder.Crash(99);
            text = text.Replace("\"begin\",\"rid\":\"1\"", "\"begin\",\"rid\":\"7\"", StringComparison.Ordinal);
        }
        else
        {
            // The last checkpoint says that there was more.
            text = text[..(text[..^1].LastIndexOf('\n') + 1)];
        }

        File.WriteAllText(segment, text);
        var anchor = new ListAnchor();
        var boot = Path.GetFileName(Path.GetDirectoryName(segment))!;
        var message = Assert.Throws<InvalidOperationException>(() => _folder.Open(anchors: [anchor], isStrict: true)).Message;
        Assert.Contains("Journal.AcknowledgedDamages", message, StringComparison.Ordinal);
        Assert.Contains(boot, message, StringComparison.Ordinal);
        Assert.Single(_folder.Segments());

        await _folder.Open(new() { MaxInFlight = 64, AcknowledgedDamages = [boot] }, anchors: [anchor], isStrict: true).DisposeAsync();
        Assert.Equal(text, File.ReadAllText(segment));
        Assert.Contains("\"event\":\"integrity_violation\"", JournalFolder.Text(_folder.Segments()[^1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strict_journal_has_an_anchor()
    {
        Assert.Contains("IAuditAnchor", Assert.Throws<InvalidOperationException>(() => _folder.Open(isStrict: true)).Message, StringComparison.Ordinal);
        await _folder.Open().DisposeAsync();
        Assert.Contains(_folder.Logged, static line => line.Contains("Nobody is told of the checkpoints", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Second_process_is_refused_by_name_and_told_what_to_do()
    {
        await using var first = _folder.Open();
        Assert.Contains("Journal.Instance", Assert.Throws<IOException>(() => _folder.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_without_names_get_folders_of_their_own()
    {
        var parts = new JournalParts(JournalFiles.Instance, TimeProvider.System, _folder.Metrics, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using var first = AuditJournal.Open(_folder.Root, new() { MaxInFlight = 64 }, parts);
        await using var second = AuditJournal.Open(_folder.Root, new() { MaxInFlight = 64 }, parts);
        Assert.Equal(first.Instance + "-2", second.Instance);
        await second.DisposeAsync();
        await using var third = AuditJournal.Open(_folder.Root, new() { MaxInFlight = 64 }, parts);
        Assert.Equal(first.Instance + "-2", third.Instance);
    }

    private async Task WriteTwoSegmentsAsync()
    {
        var time = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var journal = _folder.Open(time: time);
        Assert.True(await journal.BeginAsync("1", AuditDelivery.Strict));
        time.Advance(TimeSpan.FromMinutes(16));
        journal.Wake();
        await JournalFaultTests.UntilAsync(() => _folder.Segments().Count is 2);
    }

    private async Task WriteAsync(params string[] ids)
    {
        await using var journal = _folder.Open();
        foreach (var id in ids)
        {
            Assert.True(await journal.BeginAsync(id));
            journal.End(id);
        }
    }
}
