using System.Diagnostics.Metrics;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Shipping;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class JournalAnchorTests : IDisposable
{
    private readonly JournalFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly ListAnchor _anchor = new();
    private readonly CancellationTokenSource _end = new();

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Anchor_that_was_away_gets_every_checkpoint_in_order()
    {
        var isDown = true;
        _anchor.Before = _ => isDown ? throw new HttpRequestException("Down.") : Task.CompletedTask;
        await using var journal = _folder.Open(time: _time, anchors: [_anchor]);
        Assert.True(await journal.BeginAsync("first", AuditDelivery.Strict));
        var file = Path.Combine(_folder.Root, "one", journal.Boot.ToString(), "00000001.ck");
        for (var count = 1; count <= 5; count++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            journal.Wake();
            await JournalFaultTests.UntilAsync(() => File.Exists(file) && File.ReadAllLines(file).Length == count);
        }

        Assert.Empty(_anchor.Checkpoints);
        isDown = false;
        await UntilAsync(() => _anchor.Checkpoints.Count >= 5);
        var told = _anchor.Checkpoints.Select(static one => one.Line).ToArray();
        Assert.Equal(File.ReadAllLines(file).Take(told.Length), told);
        await UntilAsync(() => journal.Unanchored.Single().Time == TimeSpan.Zero);
    }

    // It throws as soon as an anchor fails, is well again, or has too many waiting.
    [Fact]
    public async Task Listener_of_the_host_that_throws_costs_an_anchor_nothing()
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name.StartsWith("gatewaykit.audit.anchor", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => throw new InvalidOperationException("The listener's own."));
        listener.Start();
        var isDown = true;
        _anchor.Before = _ => isDown ? throw new HttpRequestException("Down.") : Task.CompletedTask;
        await using var journal = _folder.Open(time: _time, anchors: [_anchor]);
        Assert.True(await journal.BeginAsync("first", AuditDelivery.Strict));
        _time.Advance(TimeSpan.FromSeconds(10));
        journal.Wake();
        await JournalFaultTests.UntilAsync(() => _folder.Logged.Any(static line => line.Contains("does not take checkpoints", StringComparison.Ordinal)));
        isDown = false;
        await UntilAsync(() => _anchor.Checkpoints.Count > 0);
        await UntilAsync(() => journal.Unanchored.Single().Time == TimeSpan.Zero);
    }

    [Fact]
    public async Task Anchor_is_left_alone_as_long_as_it_asks_for()
    {
        var (calls, wish) = (0, TimeSpan.FromMinutes(2));
        _anchor.Before = _ => Interlocked.Increment(ref calls) is 1 ? throw new AuditSinkBusyException("Busy.") { RetryAfter = wish } : Task.CompletedTask;
        var (feed, running) = Start();
        feed.Add(Checkpoint(1));
        await JournalFaultTests.UntilAsync(() => Volatile.Read(ref calls) is 1);

        // Whenever the pause begins, it is not over before.
        _time.Advance(wish - TimeSpan.FromSeconds(1));
        Assert.Equal(1, Volatile.Read(ref calls));
        await UntilAsync(() => _anchor.Checkpoints.Count is 1);
        feed.Complete();
        await running;
    }

    [Fact]
    public async Task Checkpoint_that_is_refused_for_ever_holds_up_no_other_and_is_missing_until_a_later_one_is_there()
    {
        var isWaiting = new TaskCompletionSource();
        var numbers = new Queue<Func<Task>>([() => throw new AuditBatchRejectedException("status 422"), () => isWaiting.Task]);
        _anchor.Before = _ => numbers.Dequeue()();
        var (feed, running) = Start();
        feed.Add(Checkpoint(1));
        await JournalFaultTests.UntilAsync(() => _folder.Logged.Any(static line => line.Contains("refuses the checkpoint of line 1 ", StringComparison.Ordinal)));
        _time.Advance(TimeSpan.FromSeconds(10));
        feed.Add(Checkpoint(2));
        Assert.Equal(TimeSpan.FromSeconds(10), feed.Unanchored);
        isWaiting.SetResult();
        feed.Complete();
        await running;
        Assert.Equal([2], _anchor.Checkpoints.Select(static one => one.Sequence));
        Assert.Equal(TimeSpan.Zero, feed.Unanchored);
    }

    [Fact]
    public async Task Of_too_many_the_oldest_are_left_out_and_nobody_waits()
    {
        var feed = new AnchorFeed(_anchor, Parts());
        for (var number = 0; number < AnchorFeed.MostWaiting + 100; number++)
        {
            feed.Add(Checkpoint(number));
        }

        feed.Complete();
        await feed.RunAsync(_end.Token);
        Assert.Equal(Enumerable.Range(100, AnchorFeed.MostWaiting).Select(static number => (long)number), _anchor.Checkpoints.Select(static one => one.Sequence));
    }

    [Fact]
    public async Task Anchor_that_is_behind_for_long_is_told_of_in_the_journal_and_so_is_that_it_is_well()
    {
        var isDown = true;
        _anchor.Before = _ => isDown ? throw new HttpRequestException("Down.") : Task.CompletedTask;
        await using (var journal = _folder.Open(new() { MaxInFlight = 64, UnanchoredLimit = TimeSpan.FromSeconds(60) }, _time, anchors: [_anchor]))
        {
            Assert.True(await journal.BeginAsync("first", AuditDelivery.Strict));
            await UntilAsync(() => journal.AnchorsBehind.Any() && Told() is 1, journal);
            Assert.Equal(["list"], journal.AnchorsBehind);
            isDown = false;
            await UntilAsync(() => !journal.AnchorsBehind.Any(), journal);
            await UntilAsync(() => Told() is 2, journal);
        }

        var events = _folder.Lines().Where(static line => line.TryGetProperty("anchor", out _)).Select(static line => $"{line.GetProperty("event")} {line.GetProperty("reason")} {line.GetProperty("anchor")}");
        Assert.Equal(["audit.degraded unanchored list", "audit.recovered unanchored list"], events);

        int Told() => string.Concat(_folder.Segments().Select(JournalFolder.Text)).Split("\"reason\":\"unanchored\"").Length - 1;
    }

    [Fact]
    public async Task Anchor_that_hangs_for_ever_does_not_hold_up_the_end()
    {
        var forever = new TaskCompletionSource();
        _anchor.Before = _ => forever.Task;
        var journal = _folder.Open(anchors: [_anchor]);
        Assert.True(await journal.BeginAsync("1"));
        await journal.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        forever.SetResult();
    }

    [Fact]
    public void Two_of_one_name_are_an_error_at_start() =>
        Assert.Contains("'list'", Assert.Throws<InvalidOperationException>(() => _folder.Open(anchors: [_anchor, new ListAnchor()])).Message, StringComparison.Ordinal);

    private JournalParts Parts() => new(JournalFiles.Instance, _time, _folder.Metrics, _folder.Logger);

    private (AnchorFeed Feed, Task Running) Start()
    {
        var feed = new AnchorFeed(_anchor, Parts());
        return (feed, Task.Run(() => feed.RunAsync(_end.Token)));
    }

    // Pauses pass as fast as the anchor's turn comes.
    private Task UntilAsync(Func<bool> condition, AuditJournal? journal = null) => JournalFaultTests.UntilAsync(() =>
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        journal?.Wake();
        return condition();
    });

    private static AuditCheckpoint Checkpoint(long sequence) => new() { Instance = "one", Boot = Guid.Empty, Segment = 1, Sequence = sequence, Hash = "h", Time = default, Line = $$"""{"seq":{{sequence}}}""" };
}
