using System.Buffers.Binary;
using System.Diagnostics;
using GatewayKit.Throttling.Quotas;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Tests.Throttling.Quotas;

public sealed class FileQuotaStoreTests : QuotaStoreConformance, IDisposable
{
    private static readonly QuotaRule Yearly = new(new CalendarWindow(CalendarUnit.Year), Limit: 1_000_000_000, MaxOverage: 0, WarnAtPercent: 80);
    private static readonly QuotaKey Key = new(1, 2, 3);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-quotas");
    private readonly List<string> _log = [];
    private FileQuotaStore? _store;

    protected override IQuotaStore Store => _store ??= Open();

    private string DataFile => Path.Combine(_directory.FullName, "quotas.data");

    public void Dispose()
    {
        _store?.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task What_was_counted_is_there_after_a_restart()
    {
        var rules = ((QuotaWindow[])[new CalendarWindow(CalendarUnit.Month), new RollingWindow(TimeSpan.FromDays(1), 24), new FirstUseWindow(TimeSpan.FromDays(2)), new LifetimeWindow()])
            .Select(static window => new QuotaRule(window, Limit: 100, MaxOverage: 0, WarnAtPercent: 50)).ToArray();
        var reservations = new List<QuotaReservation>();
        for (var i = 0; i < rules.Length; i++)
        {
            reservations.Add((await Store.ReserveAsync(new(8, 8, (ulong)i), rules[i], 40 + i, TimeSpan.FromHours(1), default)).Reservation);
        }

        var secret = Store.Secret.ToArray();
        Restart();
        Assert.Equal(secret, Store.Secret.ToArray());
        for (var i = 0; i < rules.Length; i++)
        {
            // A request that was under way is settled by whoever knows of it; its threshold is crossed in the first answer only.
            Assert.Equal(30, (await Store.SettleAsync(reservations[i], rules[i], 30, default)).Used);
            Assert.Equal(QuotaThresholds.Warning, (await Store.ReserveAsync(new(8, 8, (ulong)i), rules[i], 20, TimeSpan.FromHours(1), default)).Crossed);
        }

        Restart();
        for (var i = 0; i < rules.Length; i++)
        {
            var answer = await Store.ReserveAsync(new(8, 8, (ulong)i), rules[i], 1, TimeSpan.FromHours(1), default);
            Assert.Equal(51, answer.Used);
            Assert.Equal(QuotaThresholds.None, answer.Crossed);
        }
    }

    [Fact]
    public async Task Changes_are_written_when_the_interval_is_over_however_many_follow()
    {
        _ = Store;
        var empty = new FileInfo(DataFile).Length;
        for (var i = 0; i < 9; i++)
        {
            await ReserveAsync(new(1, 2, (ulong)i), 1);
            Assert.Equal(empty, new FileInfo(DataFile).Length);
            Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(empty + (9 * 72), new FileInfo(DataFile).Length);
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(empty + (9 * 72), new FileInfo(DataFile).Length);
        await ReserveAsync(new(1, 2, 0), 1);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(empty + (10 * 72), new FileInfo(DataFile).Length);
    }

    [Fact]
    public async Task Tail_that_was_cut_off_anywhere_is_dropped_and_the_rest_is_there()
    {
        await ReserveAsync(Key, 3);
        Restart();
        await ReserveAsync(Key, 4);
        Close();
        var whole = await File.ReadAllBytesAsync(DataFile);
        for (var cut = 1; cut <= 72; cut++)
        {
            await File.WriteAllBytesAsync(DataFile, whole[..^cut]);
            Assert.Equal(4, (await ReserveAsync(Key, 1)).Used);
            Assert.Equal(cut == 72 ? 0 : 1, _log.RemoveAll(line => line.Contains($": {72 - cut} bytes were dropped", StringComparison.Ordinal)));
            Restart();
            Assert.Equal(5, (await ReserveAsync(Key, 1)).Used);
            Close();
        }

        Assert.Empty(_log);
    }

    [Fact]
    public async Task Record_with_a_wrong_byte_counts_as_cut_off()
    {
        await ReserveAsync(Key, 3);
        Restart();
        await ReserveAsync(Key, 4);
        Close();
        var whole = await File.ReadAllBytesAsync(DataFile);
        for (var at = whole.Length - 72; at < whole.Length; at++)
        {
            var wrong = whole.ToArray();
            wrong[at] ^= 0x40;
            await File.WriteAllBytesAsync(DataFile, wrong);
            Assert.Equal(4, (await ReserveAsync(Key, 1)).Used);
            Close();
        }
    }

    [Fact]
    public async Task Damaged_head_is_an_error_and_not_a_fresh_start()
    {
        await ReserveAsync(Key, 3);
        Close();
        var bytes = await File.ReadAllBytesAsync(DataFile);
        bytes[20] ^= 1;
        await File.WriteAllBytesAsync(DataFile, bytes);
        Assert.Contains("Move it away", Assert.Throws<IOException>(Open).Message, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(DataFile));

        bytes[20] ^= 1;
        await File.WriteAllBytesAsync(DataFile, bytes);
        Assert.Equal(4, (await ReserveAsync(Key, 1)).Used);
    }

    [Fact]
    public void Directory_is_for_one_at_a_time()
    {
        _ = Store;
        Assert.Contains("QuotaOptions.Directory", Assert.Throws<IOException>(Open).Message, StringComparison.Ordinal);
        Restart();
    }

    [Fact]
    public async Task File_stays_short_and_a_replacement_that_was_not_finished_changes_nothing()
    {
        await File.WriteAllTextAsync(DataFile + ".new", "half");
        var longest = 0L;
        for (var round = 0; round < 40; round++)
        {
            for (ulong key = 0; key < 1_000; key++)
            {
                await Store.ReserveAsync(new(1, key, key), Yearly, 1, TimeSpan.FromMinutes(1), default);
            }

            Time.Advance(TimeSpan.FromSeconds(1));
            longest = Math.Max(longest, new FileInfo(DataFile).Length);
        }

        // 40 rounds of 72,000 bytes are 2.9 MB.
        Assert.InRange(longest, 1_000_000, 1_300_000);
        Restart();
        for (ulong key = 0; key < 1_000; key++)
        {
            Assert.Equal(41, (await Store.ReserveAsync(new(1, key, key), Yearly, 1, TimeSpan.FromMinutes(1), default)).Used);
        }
    }

    [Fact]
    public async Task Disk_that_fails_for_a_while_loses_nothing_that_the_process_lives_to_write()
    {
        _ = Store;

        // Something stands in the way of the file that takes the place of the old one once that is long.
        var obstacle = Directory.CreateDirectory(DataFile + ".new");
        for (ulong round = 1; round <= 16; round++)
        {
            for (ulong key = 0; key < 1_000; key++)
            {
                await Store.ReserveAsync(new(1, key, key), Yearly, 1, TimeSpan.FromMinutes(1), default);
            }

            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["Quotas cannot be written to their file. They are counted on in memory, and would be forgotten with the process."], _log);
        obstacle.Delete();
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Quotas are written to their file again.", _log[^1]);
        Assert.Equal(2, _log.Count);

        // What was written counts, not what an orderly end still writes.
        var written = await File.ReadAllBytesAsync(DataFile);
        Close();
        await File.WriteAllBytesAsync(DataFile, written);
        for (ulong key = 0; key < 1_000; key++)
        {
            Assert.Equal(17, (await Store.ReserveAsync(new(1, key, key), Yearly, 1, TimeSpan.FromMinutes(1), default)).Used);
        }
    }

    [Fact]
    public async Task Rows_that_are_over_are_not_read_again()
    {
        await ReserveAsync(Key, 3);
        await Store.ReserveAsync(new(4, 4, 4), Yearly, 3, TimeSpan.FromMinutes(1), default);
        Time.Advance(TimeSpan.FromDays(1));
        Restart();
        Assert.Equal(1, (await ReserveAsync(Key, 1)).Used);
        Assert.Equal(4, (await Store.ReserveAsync(new(4, 4, 4), Yearly, 1, TimeSpan.FromMinutes(1), default)).Used);
    }

    // The promise of QuotaOptions.CommitInterval.
    [Fact]
    public async Task Killed_process_forgets_what_it_counted_in_one_interval_at_most()
    {
        var interval = TimeSpan.FromMilliseconds(100);
        using var child = QuotaChild.Start(_directory.FullName, interval);
        var progress = Path.Combine(_directory.FullName, QuotaChild.ProgressFile);
        var patience = Stopwatch.StartNew();
        while (!File.Exists(progress) || Counts(progress) is not [var first, .., var last] || last.At - first.At < TimeSpan.FromSeconds(3))
        {
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(1) && !child.HasExited, "The child does not count.");
            await Task.Delay(50);
        }

        child.Kill();
        await child.WaitForExitAsync();
        Assert.Equal(128 + 9, child.ExitCode);

        var counts = Counts(progress);
        using var store = new FileQuotaStore(_directory.FullName, new(), TimeProvider.System, NullLogger<FileQuotaStore>.Instance);
        var found = (await store.ReserveAsync(QuotaChild.Key, QuotaChild.Rule, 0, TimeSpan.FromMinutes(1), default)).Used;

        // The child tells of each unit after it was taken, so that one more may have been. A write may take its time on a busy machine.
        Assert.InRange(found, 1, counts[^1].Count + 1);
        var promised = counts.LastOrDefault(count => count.At <= counts[^1].At - interval - TimeSpan.FromSeconds(1));
        Assert.True(promised.Count > 0);
        Assert.True(found >= promised.Count, $"{found} of {counts[^1].Count} are there; {promised.Count} were promised.");
        TestContext.Current.SendDiagnosticMessage($"{counts[^1].Count} counted, {counts[^1].Count - found} forgotten.");
    }

    private static (long Count, DateTimeOffset At)[] Counts(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length / 16 * 16];
        stream.ReadExactly(bytes);
        return [.. bytes.Chunk(16).Select(static chunk => (BinaryPrimitives.ReadInt64LittleEndian(chunk), new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(chunk.AsSpan(8)), TimeSpan.Zero)))];
    }

    private FileQuotaStore Open() => new(_directory.FullName, new(), Time, new ListLogger(_log));

    private void Close()
    {
        _store?.Dispose();
        _store = null;
    }

    private void Restart()
    {
        Close();
        _store = Open();
    }

    private sealed class ListLogger(List<string> lines) : ILogger<FileQuotaStore>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Add(formatter(state, exception));
    }
}
