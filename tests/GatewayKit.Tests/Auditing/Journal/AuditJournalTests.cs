using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class AuditJournalTests : IDisposable
{
    private readonly JournalFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(AuditDelivery.Guaranteed)]
    [InlineData(AuditDelivery.Strict)]
    [InlineData(AuditDelivery.BestEffort)]
    public async Task Lines_of_many_threads_are_all_there_in_one_chain(AuditDelivery delivery)
    {
        await using (var journal = _folder.Open())
        {
            await Parallel.ForAsync(0, 4, async (task, _) =>
            {
                for (var i = 0; i < 500; i++)
                {
                    Assert.True(await journal.BeginAsync($"{task}-{i}", delivery));
                    journal.End($"{task}-{i}", delivery);
                }
            });
            Assert.Equal(JournalState.Running, journal.State);
        }

        var lines = _folder.Lines();
        var expected = Enumerable.Range(0, 4).SelectMany(static task => Enumerable.Range(0, 500).Select(i => $"{task}-{i}")).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(expected, Of("begin").Order(StringComparer.Ordinal));
        Assert.Equal(expected, Of("end").Order(StringComparer.Ordinal));
        Assert.Equal(["audit.started", "audit.stopped"], _folder.Events());
        Assert.All(Of("begin"), id => Assert.True(IndexOf("begin", id) < IndexOf("end", id)));

        IEnumerable<string> Of(string kind) => lines.Where(line => line.GetProperty("kind").GetString() == kind).Select(static line => line.GetProperty("rid").GetString()!);
        int IndexOf(string kind, string id) => lines.TakeWhile(line => line.GetProperty("kind").GetString() != kind || line.GetProperty("rid").GetString() != id).Count();
    }

    [Fact]
    public async Task Line_may_be_as_long_as_it_has_to_be_and_be_written_by_a_json_writer()
    {
        var text = new string('x', 300_000);
        await using (var journal = _folder.Open())
        {
            var entry = journal.Rent();
            using (var json = new Utf8JsonWriter(entry))
            {
                json.WriteStartObject();
                json.WriteString("kind"u8, "begin"u8);
                json.WriteString("text"u8, text);
                json.WriteStartObject("nested"u8);
                json.WriteEndObject();
                json.Flush();
            }

            Assert.True(await journal.CommitAsync(entry, AuditDelivery.Guaranteed));
            journal.End("1");
        }

        Assert.Equal(text, _folder.Lines()[2].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Closed_journal_refuses_at_once()
    {
        var journal = _folder.Open();
        Assert.True(await journal.BeginAsync("1"));
        await journal.DisposeAsync();

        Assert.Equal(JournalState.Stopped, journal.State);
        Assert.False(await journal.BeginAsync("2"));
        Assert.False(await journal.BeginAsync("3", AuditDelivery.Strict));
        Assert.False(await journal.BeginAsync("4", AuditDelivery.BestEffort));
        journal.End("1");
        Assert.DoesNotContain("\"2\"", JournalFolder.Text(_folder.Segments()[0]));
    }

    [Fact]
    public async Task Beginning_is_recorded_without_another_thread_when_nobody_writes()
    {
        await using var journal = _folder.Open();
        Assert.True(await journal.BeginAsync("first"));
        for (var i = 0; i < 100; i++)
        {
            var commit = journal.BeginAsync($"{i}");
            Assert.True(commit.IsCompletedSuccessfully);
            Assert.True(await commit);
            Assert.Contains($"\"rid\":\"{i}\"", JournalFolder.Text(_folder.Segments()[0]));
        }
    }

    [Fact]
    public async Task Beginning_does_not_wait_on_its_thread_for_one_that_is_being_written()
    {
        using var slow = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        var files = new FaultyFiles();
        await using var journal = _folder.Open(files: files);
        Assert.True(await journal.BeginAsync("first"));
        var isSlow = 1;
        files.OnWrite = _ =>
        {
            if (Interlocked.Exchange(ref isSlow, 0) is 1)
            {
                entered.Release();
                slow.Wait();
            }

            return null;
        };
        var writing = Task.Run(async () => await journal.BeginAsync("slow"), TestContext.Current.CancellationToken);
        await entered.WaitAsync(TestContext.Current.CancellationToken);
        var waiting = Enumerable.Range(0, 100).Select(i => journal.BeginAsync($"{i}").AsTask()).ToArray();
        journal.End("first");
        Assert.All(waiting, static one => Assert.False(one.IsCompleted));
        slow.Set();

        Assert.True(await writing);
        Assert.All(await Task.WhenAll(waiting), Assert.True);
        await journal.DisposeAsync();
        Assert.Equal(102, _folder.Lines().Count(static line => line.GetProperty("kind").GetString() is "begin"));
    }

    // Many at once, so that turns are taken, passed on and left to the thread.
    [Fact]
    public async Task Beginnings_of_many_threads_are_each_recorded_once_and_in_one_chain()
    {
        const int Threads = 8, Each = 2_000;
        await using (var journal = _folder.Open(new() { MaxInFlight = 64 }))
        {
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
                () =>
                {
                    for (var i = 0; i < Each; i++)
                    {
                        var delivery = i % 16 is 0 ? AuditDelivery.Strict : AuditDelivery.Guaranteed;
                        Assert.True(journal.BeginAsync($"{thread}-{i}", delivery).AsTask().GetAwaiter().GetResult());
                        journal.End($"{thread}-{i}", delivery);
                    }
                },
                TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        }

        var lines = _folder.Lines();
        Assert.Equal(Enumerable.Range(0, lines.Count), lines.Select(static line => line.GetProperty("seq").GetInt32()));
        foreach (var kind in (string[])["begin", "end"])
        {
            var ids = lines.Where(line => line.GetProperty("kind").GetString() == kind).Select(static line => line.GetProperty("rid").GetString()).ToArray();
            Assert.Equal(Threads * Each, ids.Length);
            Assert.Equal(Threads * Each, ids.Distinct().Count());
        }
    }

    // Three threads that find nothing to do look at the clock now and then, not all the time.
    [Fact]
    public async Task Idle_journal_sleeps()
    {
        var clock = new CountingTime();
        await using var journal = _folder.Open(time: clock);
        Assert.True(await journal.BeginAsync("1"));
        Assert.True(await journal.BeginAsync("2", AuditDelivery.Strict));
        var before = clock.Looks;
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        Assert.InRange(clock.Looks - before, 0, 100);
    }

    [Fact]
    public async Task Files_are_for_their_owner_and_group_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        await _folder.Open().DisposeAsync();

        var file = Assert.Single(_folder.Segments());
#pragma warning disable CA1416 // Skipped there.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
#pragma warning restore CA1416
    }

    private sealed class CountingTime : TimeProvider
    {
        private int _looks;

        public int Looks => Volatile.Read(ref _looks);

        public override long GetTimestamp()
        {
            Interlocked.Increment(ref _looks);
            return base.GetTimestamp();
        }
    }
}
