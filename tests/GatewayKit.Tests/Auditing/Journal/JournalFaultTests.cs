using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class JournalFaultTests : IDisposable
{
    private readonly JournalFolder _folder = new();
    private readonly FaultyFiles _files = new();
    private readonly FakeTimeProvider _time = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, AuditDelivery.Guaranteed)]
    [InlineData(17, AuditDelivery.Guaranteed)]
    [InlineData(17, AuditDelivery.Strict)]
    public async Task Full_disk_refuses_beginnings_keeps_ends_and_goes_on_by_itself(int bytesBefore, AuditDelivery delivery)
    {
        await using var journal = _folder.Open(files: _files, time: _time);
        Assert.True(await journal.BeginAsync("before", delivery));

        // The disk: what is not the reserve gets nothing any more, and no reserve can be set aside.
        var (reserve, isFull) = ("?", true);
        _files.OnWrite = path => isFull && !path.EndsWith(reserve, StringComparison.Ordinal) ? new(FaultyFiles.NoSpace(), bytesBefore) : null;
        _files.OnCreate = _ => { if (isFull) { throw FaultyFiles.NoSpace(); } };
        reserve = JournalPaths.Reserve;

        Assert.False(await journal.BeginAsync("refused", delivery));
        Assert.Equal(JournalState.DiskFull, journal.State);
        Assert.False(await journal.BeginAsync("refused too", delivery));
        journal.End("before", delivery);
        await UntilAsync(() => journal.QueuedLines is 0);
        Assert.Contains("\"before\"", JournalFolder.Text(_folder.Segments()[^1]));

        _time.Advance(TimeSpan.FromMilliseconds(300));
        journal.Wake();
        Assert.False(await journal.BeginAsync("refused still", delivery));

        isFull = false;
        _time.Advance(TimeSpan.FromMilliseconds(300));
        journal.Wake();
        await UntilAsync(() => journal.State is JournalState.Running);
        Assert.True(await journal.BeginAsync("after", delivery));
        journal.End("after", delivery);
        await journal.DisposeAsync();

        Assert.Equal(["begin before", "end before", "begin after", "end after"], Records());

        // Its checkpoints cannot be written either; they come later.
        Assert.Equal(["audit.started", "audit.degraded", "audit.recovered", "audit.stopped"], _folder.Events(static line => !line.TryGetProperty("reason", out var reason) || reason.GetString() != "unsealed"));
    }

    [Fact]
    public async Task Ends_wait_in_memory_when_the_reserve_is_full_too()
    {
        await using var journal = _folder.Open(files: _files, time: _time);
        Assert.True(await journal.BeginAsync("1"));
        var isFull = true;
        _files.OnWrite = _ => isFull ? new(FaultyFiles.NoSpace(), 5) : null;
        _files.OnCreate = _ => { if (isFull) { throw FaultyFiles.NoSpace(); } };
        Assert.False(await journal.BeginAsync("2"));
        journal.End("1");
        await UntilAsync(() => journal.State is JournalState.DiskFull);

        isFull = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        journal.Wake();
        await UntilAsync(() => journal.State is JournalState.Running && journal.QueuedLines is 0);
        await journal.DisposeAsync();
        Assert.Equal(["begin 1", "end 1"], Records());
    }

    // Its clock stands still: nobody has tried meanwhile.
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Ends_in_memory_are_written_at_the_last_moment_if_the_disk_is_back(bool wasFull, bool isBack)
    {
        await using var journal = _folder.Open(files: _files, time: _time);
        Assert.True(await journal.BeginAsync("1"));
        var isAway = true;
        _files.OnWrite = _ => isAway ? new(wasFull ? FaultyFiles.NoSpace() : FaultyFiles.Broken()) : null;
        _files.OnCreate = _ => { if (isAway && wasFull) { throw FaultyFiles.NoSpace(); } };
        Assert.False(await journal.BeginAsync("2"));
        journal.End("1");
        await UntilAsync(() => journal.State is JournalState.DiskFull or JournalState.Failed);
        isAway = !isBack;
        await journal.DisposeAsync();

        var text = JournalFolder.Text(_folder.Segments()[^1]);
        Assert.Equal(isBack, text.Contains("\"kind\":\"end\",\"rid\":\"1\"", StringComparison.Ordinal));
        Assert.Equal(isBack, text.Contains("\"event\":\"audit.stopped\"", StringComparison.Ordinal));
        Assert.Equal(!isBack, _folder.Logged.Any(static line => line.Contains("lines unwritten", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Failed_write_gives_the_segment_up_and_goes_on_elsewhere_with_the_lines_marked(bool hasAlternate)
    {
        using var alternate = new JournalFolder();
        await using var journal = _folder.Open(new() { MaxInFlight = 64, AlternateDirectory = hasAlternate ? alternate.Root : null }, _time, _files);
        Assert.True(await journal.BeginAsync("before"));
        var (isBroken, syncs) = (true, _files.Synced.Count(static path => path.EndsWith("1.gkal", StringComparison.Ordinal)));
        _files.OnWrite = path => isBroken && path.StartsWith(_folder.Root, StringComparison.Ordinal) ? new(FaultyFiles.Broken(), 20) : null;

        Assert.Equal(hasAlternate, await journal.BeginAsync("on the edge"));
        Assert.Equal(hasAlternate ? JournalState.Running : JournalState.Failed, journal.State);
        Assert.Equal(hasAlternate, await journal.BeginAsync("then"));
        journal.End("before");
        if (!hasAlternate)
        {
            isBroken = false;
            _time.Advance(TimeSpan.FromSeconds(1));
            journal.Wake();
            await UntilAsync(() => journal.State is JournalState.Running);
            Assert.True(await journal.BeginAsync("then"));
        }

        await journal.DisposeAsync();
        Assert.Equal(syncs, _files.Synced.Count(static path => path.EndsWith("1.gkal", StringComparison.Ordinal)));
        var text = JournalFolder.Text(Path.Combine(hasAlternate ? alternate.Root : _folder.Root, "one", journal.Boot.ToString(), "00000002.gkal"));
        Assert.Contains("\"reason\":\"write-failed\"", text);
        Assert.Contains("\"rid\":\"then\"", text);
        Assert.Contains("\"kind\":\"end\",\"rid\":\"before\"", text);
        Assert.Equal(hasAlternate, text.Contains("\"rid\":\"on the edge\",\"dup\":true", StringComparison.Ordinal));
        Assert.Equal(!hasAlternate, text.Contains("\"event\":\"audit.void\"", StringComparison.Ordinal));
    }

    // The second disk has the line too, or has no room for it: then its number there is another line's.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refused_beginning_is_made_void_by_each_number_that_it_may_be_there_under(bool secondHasIt)
    {
        using var alternate = new JournalFolder();
        await using var journal = _folder.Open(new() { MaxInFlight = 64, AlternateDirectory = alternate.Root }, _time, _files);
        Assert.True(await journal.BeginAsync("before"));
        var (isBroken, second) = (true, 0);
        _files.OnWrite = path => !isBroken || !path.EndsWith(JournalPaths.Segment, StringComparison.Ordinal) ? null
            : path.StartsWith(_folder.Root, StringComparison.Ordinal) ? new(FaultyFiles.Broken(), int.MaxValue)
            : ++second is 1 ? null
            : secondHasIt ? new(FaultyFiles.Broken(), int.MaxValue) : new(FaultyFiles.NoSpace());
        Assert.False(await journal.BeginAsync("edge"));
        isBroken = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        journal.Wake();
        await UntilAsync(() => journal.State is JournalState.Running);
        journal.End("before");
        await journal.DisposeAsync();

        string[] segments = [.. Directory.GetFiles(Path.Combine(_folder.Root, "one", journal.Boot.ToString()), "*.gkal"), .. Directory.GetFiles(Path.Combine(alternate.Root, "one", journal.Boot.ToString()), "*.gkal").Order(StringComparer.Ordinal)];
        var lines = segments.SelectMany(static segment => JournalFolder.Text(segment).Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(static line => JsonElement.Parse(line)).ToArray();
        var there = lines.Where(static line => line.TryGetProperty("rid", out var id) && id.GetString() is "edge").Select(static line => line.GetProperty("seq").GetInt64()).ToArray();
        Assert.Equal(secondHasIt ? 2 : 1, there.Length);
        var numbers = Assert.Single(lines, static line => line.TryGetProperty("event", out var name) && name.GetString() is VoidLines.Event).GetProperty("seqs").EnumerateArray().Select(static number => number.GetInt64());
        Assert.Equal(there, numbers);

        // Whoever reads it knows nothing of that request.
        var log = new AuditLog(_folder.Root, alternate.Root);
        Assert.Equal(["before"], (await log.QueryAsync(new(), TestContext.Current.CancellationToken)).Entries.Select(static entry => entry.RequestId));
        var report = await log.VerifyAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal(1, report.Instances[0].Requests);
        Assert.DoesNotContain(report.Findings, static finding => finding.Code is AuditFindingCode.UnknownEnd);
    }

    [Fact]
    public async Task Failed_sync_never_confirms_and_is_not_repeated_on_the_same_file()
    {
        using var alternate = new JournalFolder();
        await using var journal = _folder.Open(new() { MaxInFlight = 64, AlternateDirectory = alternate.Root }, _time, _files);
        var failures = 0;
        _files.OnSync = path =>
        {
            if (path.StartsWith(_folder.Root, StringComparison.Ordinal) && path.EndsWith(".gkal", StringComparison.Ordinal))
            {
                failures++;
                throw FaultyFiles.Broken();
            }
        };
        Assert.True(await journal.BeginAsync("1", AuditDelivery.Strict));
        journal.End("1", AuditDelivery.Strict);
        await journal.DisposeAsync();

        Assert.Equal(1, failures);
        var text = JournalFolder.Text(Path.Combine(alternate.Root, "one", journal.Boot.ToString(), "00000002.gkal"));
        Assert.Contains("\"rid\":\"1\",\"dup\":true", text);
        Assert.Contains("\"reason\":\"sync-failed\"", text);
    }

    // It is no fault of the disk: the segment in use is as good as before.
    [Fact]
    public async Task Process_with_too_many_files_goes_on_in_the_segment_it_has()
    {
        await using var journal = _folder.Open(files: _files, time: _time);
        var isUsedUp = true;
        void Fail(string path)
        {
            if (isUsedUp)
            {
                throw FaultyFiles.TooManyFiles();
            }
        }

        (_files.OnOpenDirectory, _files.OnCreate) = (Fail, Fail);
        Assert.True(await journal.BeginAsync("1", AuditDelivery.Strict));
        _time.Advance(TimeSpan.FromMinutes(16));
        journal.Wake();
        await UntilAsync(() => _folder.Logged.Any(static line => line.StartsWith("No segment could be opened", StringComparison.Ordinal)));
        Assert.True(await journal.BeginAsync("2", AuditDelivery.Strict));
        Assert.Equal(JournalState.Running, journal.State);
        Assert.Single(_folder.Segments());

        isUsedUp = false;
        _time.Advance(TimeSpan.FromSeconds(11));
        journal.Wake();
        await UntilAsync(() => _folder.Segments().Count is 2);
        Assert.True(await journal.BeginAsync("3", AuditDelivery.Strict));
        await journal.DisposeAsync();
        Assert.Equal(["begin 1", "begin 2", "begin 3"], Records());
        Assert.DoesNotContain(_folder.EventsOf("audit.degraded"), static line => line.GetProperty("reason").GetString() is not "unsealed");
    }

    [Fact]
    public async Task Slow_disk_holds_up_strict_lines_only_and_the_next_sync_takes_all_that_came()
    {
        using var slow = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        await using var journal = _folder.Open(files: _files, time: _time);
        _files.OnSync = path =>
        {
            if (path.EndsWith(".gkal", StringComparison.Ordinal))
            {
                entered.Release();
                slow.Wait();
            }
        };
        var first = journal.BeginAsync("1", AuditDelivery.Strict).AsTask();
        await entered.WaitAsync();
        var rest = Enumerable.Range(2, 20).Select(i => journal.BeginAsync($"{i}", AuditDelivery.Strict).AsTask()).ToArray();
        for (var i = 0; i < 100; i++)
        {
            Assert.True(await journal.BeginAsync($"g{i}"));
        }

        Assert.All(rest, static task => Assert.False(task.IsCompleted));
        Assert.False(first.IsCompleted);
        slow.Set();
        Assert.True(await first);
        Assert.All(await Task.WhenAll(rest), Assert.True);
        Assert.InRange(_files.Synced.Count(static path => path.EndsWith(".gkal", StringComparison.Ordinal)), 2, 4);
    }

    [Fact]
    public async Task Beginnings_wait_for_room_a_quarter_of_a_second_and_no_longer()
    {
        await using var journal = _folder.Open(new() { MaxInFlight = 16 }, _time);
        for (var i = 0; i < 16; i++)
        {
            Assert.True(await journal.BeginAsync($"{i}"));
        }

        var (first, second) = (journal.BeginAsync("a").AsTask(), journal.BeginAsync("b").AsTask());
        _time.Advance(TimeSpan.FromMilliseconds(249));
        Assert.False(first.IsCompleted);
        journal.End("0");
        Assert.True(await first);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(await second);
        Assert.True(await journal.BeginAsync("c", AuditDelivery.BestEffort));
        Assert.Equal(16, journal.InFlight);
    }

    [Fact]
    public async Task Lost_lines_are_told_of_with_their_number()
    {
        await using var journal = _folder.Open(files: _files, time: _time);
        var isFull = true;
        _files.OnWrite = _ => isFull ? new(FaultyFiles.NoSpace()) : null;
        _files.OnCreate = _ => { if (isFull) { throw FaultyFiles.NoSpace(); } };
        Assert.False(await journal.BeginAsync("0"));
        for (var i = 0; i < 5; i++)
        {
            Assert.False(await journal.BeginAsync($"{i}", AuditDelivery.BestEffort));
        }

        isFull = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        journal.Wake();
        await UntilAsync(() => journal.State is JournalState.Running);
        await journal.DisposeAsync();
        Assert.Equal(5, _folder.Lines().Single(static line => line.TryGetProperty("event", out var name) && name.GetString() == "audit.lost").GetProperty("n").GetInt32());
    }

    // Losses are told of together, four times a second at most, and that time may not be over.
    [Fact]
    public async Task Loss_right_before_the_end_is_told_of()
    {
        await using var journal = _folder.Open(new() { MaxInFlight = 16 }, _time);
        for (var i = 0; i < 16; i++)
        {
            Assert.True(await journal.BeginAsync($"{i}"));
        }

        var waiting = journal.BeginAsync("waiting").AsTask();
        Assert.False(await journal.BeginAsync("lost", AuditDelivery.BestEffort));
        await UntilAsync(() => JournalFolder.Text(_folder.Segments()[0]).Contains("audit.lost", StringComparison.Ordinal));
        Assert.False(await journal.BeginAsync("lost", AuditDelivery.BestEffort));
        await journal.DisposeAsync();
        Assert.False(await waiting);
        Assert.Equal([1, 1], _folder.EventsOf("audit.lost").Select(static loss => loss.GetProperty("n").GetInt32()));
    }

    [Fact]
    public async Task Steps_of_the_wall_clock_are_told_of()
    {
        var clock = new SteppedTime();
        await using (var journal = _folder.Open(time: clock))
        {
            Assert.True(await journal.BeginAsync("1"));
            clock.Offset = TimeSpan.FromHours(-1);
            Assert.True(await journal.BeginAsync("2"));
        }

        var step = _folder.Lines().Single(static line => line.TryGetProperty("event", out var name) && name.GetString() == "clock_step");
        Assert.InRange(step.GetProperty("ms").GetInt64(), -3_600_100, -3_599_900);
    }

    private string[] Records() =>
    [
        .. _folder.Lines().Where(static line => line.GetProperty("kind").GetString() is "begin" or "end").Select(static line => $"{line.GetProperty("kind").GetString()} {line.GetProperty("rid").GetString()}"),
    ];

    // For what another thread does in real time.
    internal static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(1, patience.Token);
        }
    }

    private sealed class SteppedTime : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
    }
}
