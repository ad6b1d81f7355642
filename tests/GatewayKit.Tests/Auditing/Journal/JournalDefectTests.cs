using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>What comes of a defect of the journal itself: everything is refused, and nobody waits for ever.</summary>
public sealed class JournalDefectTests : IDisposable
{
    private readonly JournalFolder _folder = new();
    private readonly FaultyFiles _files = new();
    private readonly FakeTimeProvider _time = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Defect_refuses_everything_instead_of_letting_it_through()
    {
        await using var journal = _folder.Open(files: _files, time: _time);
        var waiting = journal.BeginAsync("before", AuditDelivery.Strict);
        Assert.True(await waiting);
        _files.OnWrite = static _ => throw new InvalidOperationException("A defect.");
        Assert.False(await journal.BeginAsync("1"));
        await JournalFaultTests.UntilAsync(() => journal.State is JournalState.Dead);
        Assert.False(await journal.BeginAsync("2"));
        Assert.False(await journal.BeginAsync("3", AuditDelivery.Strict));
        journal.End("before", AuditDelivery.Strict);
        Assert.Contains(_folder.Logged, static line => line.Contains("has ended by a defect", StringComparison.Ordinal));
    }

    // The disk of their batch fails, and what should open another one is broken.
    [Fact]
    public async Task Defect_while_lines_are_put_elsewhere_leaves_nobody_waiting()
    {
        using var held = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        await using var journal = _folder.Open(new() { MaxInFlight = 64, AlternateDirectory = Path.Combine(_folder.Root, "alternate") }, _time, _files);
        Assert.True(await journal.BeginAsync("before"));
        var writes = 0;
        _files.OnWrite = _ =>
        {
            if (++writes is 1)
            {
                entered.Release();
                held.Wait();
                return null;
            }

            _files.OnCreate = static _ => throw new InvalidOperationException("A defect.");
            return new(FaultyFiles.Broken());
        };
        var first = Task.Run(() => journal.BeginAsync("1").AsTask(), TestContext.Current.CancellationToken);
        await entered.WaitAsync(TestContext.Current.CancellationToken);
        var others = Enumerable.Range(2, 5).Select(i => journal.BeginAsync($"{i}").AsTask()).ToArray();
        held.Set();
        Assert.True(await first);
        Assert.All(await Task.WhenAll(others).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), Assert.False);
        await JournalFaultTests.UntilAsync(() => journal.State is JournalState.Dead);
    }

    [Fact]
    public async Task Defect_of_the_thread_that_syncs_is_one_of_the_journal()
    {
        await using var journal = _folder.Open(files: _files, time: _time);
        _files.OnSync = static _ => throw new InvalidOperationException("A defect.");
        Assert.False(await journal.BeginAsync("1", AuditDelivery.Strict));
        await JournalFaultTests.UntilAsync(() => journal.State is JournalState.Dead);
        Assert.False(await journal.BeginAsync("2"));
    }
}
