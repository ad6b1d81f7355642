using System.Diagnostics;
using System.Globalization;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Benchmarks.Auditing;

/// <summary>How many lines the writer of a journal takes in a second of its processor time, how long a beginning waits in each mode, with the time of a sync beside it, and what a record allocates.</summary>
internal static class JournalRun
{
    private const int Callers = 64;

    private static ReadOnlySpan<byte> Begin =>
        """{"v":1,"kind":"begin","rid":"0HN7ABCDEFGHIJ:00000001","ts":"2026-01-01T00:00:00.000000Z","mono":1234567890123,"route":"orders","policyRev":3,"m":"GET","path":"/orders/{**rest}","proto":"HTTP/1.1","src":"10.0.0.1","sub":"shop" """u8[..^1];

    private static ReadOnlySpan<byte> End =>
        """{"v":1,"kind":"end","rid":"0HN7ABCDEFGHIJ:00000001","ts":"2026-01-01T00:00:00.000000Z","mono":1234567990123,"dur_us":1200,"st":200,"outcome":"ok","cluster":"orders","dest":"a","att":[{"dest":"a","st":200,"us":1100}],"bin":0,"bout":1234"""u8;

    public static async Task<int> RunAsync(string[] args)
    {
        var lines = args is [var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 1_000_000;
        using var services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().AddSingleton<JournalMetrics>().BuildServiceProvider();
        var root = Directory.CreateDirectory(args is [_, var at] ? at : Path.Combine(AppContext.BaseDirectory, "journal-run")).FullName;
        try
        {
            Syncs(root);
            await WithAsync(services, root, journal => Task.Run(() => Throughput(journal, lines)));
            await WithAsync(services, root, journal => Task.Run(() => AllocationAsync(journal, lines)));
            foreach (var delivery in Enum.GetValues<AuditDelivery>())
            {
                await WithAsync(services, root, journal => WaitsAsync(journal, delivery));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task WithAsync(ServiceProvider services, string root, Func<AuditJournal, Task> measure)
    {
        await using var journal = AuditJournal.Open(
            root, new() { Instance = "run" }, new(JournalFiles.Instance, TimeProvider.System, services.GetRequiredService<JournalMetrics>(), NullLogger.Instance));
        await measure(journal);
    }

    private static void Throughput(AuditJournal journal, int lines)
    {
        for (var run = 0; run < 3; run++)
        {
            var (before, syncBefore, start) = (CpuOf("GatewayKit audi", first: true), CpuOf("GatewayKit audi", first: false), Stopwatch.GetTimestamp());
            for (var i = 0; i < lines; i++)
            {
                var entry = journal.Rent();
                entry.Write((i & 1) is 0 ? Begin : End);
                journal.Append(entry);
                while (journal.QueuedLines > 32_768)
                {
                    Thread.Yield();
                }
            }

            while (journal.QueuedLines > 0)
            {
                Thread.Yield();
            }

            var (cpu, wall) = (CpuOf("GatewayKit audi", first: true) - before, Stopwatch.GetElapsedTime(start).TotalSeconds);
            Console.WriteLine($"writer: {lines / cpu:N0} lines a second of its processor time, {lines / wall:N0} by the clock; syncs took {CpuOf("GatewayKit audi", first: false) - syncBefore:N2} s of the other threads");
        }
    }

    private static async Task AllocationAsync(AuditJournal journal, int lines)
    {
        await RequestsAsync(journal, lines / 10);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RequestsAsync(journal, lines / 2);
        Console.WriteLine($"allocated: {(double)(GC.GetTotalAllocatedBytes(precise: true) - before) / lines:N2} bytes a line, checkpoints and callers included");
    }

    private static async Task RequestsAsync(AuditJournal journal, int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            var begin = journal.Rent();
            begin.Write(Begin);
            await journal.CommitAsync(begin, AuditDelivery.Guaranteed).ConfigureAwait(false);
            var end = journal.Rent();
            end.Write(End);
            journal.End(end, AuditDelivery.Guaranteed);
        }
    }

    private static async Task WaitsAsync(AuditJournal journal, AuditDelivery delivery)
    {
        var waits = new List<double>[Callers];
        var until = Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var mine = waits[caller] = new(1_000_000);
            while (Stopwatch.GetTimestamp() < until)
            {
                var begin = journal.Rent();
                begin.Write(Begin);
                var start = Stopwatch.GetTimestamp();
                var isCommitted = await journal.CommitAsync(begin, delivery);
                mine.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                if (isCommitted)
                {
                    var end = journal.Rent();
                    end.Write(End);
                    journal.End(end, delivery);
                }

                // A request does something else between its records; without that, only the queue is measured.
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }
        })));
        double[] all = [.. waits.SelectMany(static mine => mine).Order()];
        Console.WriteLine($"{delivery}: {all.Length / 5:N0} beginnings a second of {Callers} callers, wait p50 {all[all.Length / 2]:N0} µs, p99 {all[(int)(all.Length * 0.99)]:N0} µs");
    }

    private static void Syncs(string root)
    {
        foreach (var bytes in (int[])[500, 128 * 1024])
        {
            var path = Path.Combine(root, "sync");
            var times = new List<double>();
            using (var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
            {
                for (var i = 0; i < 300; i++)
                {
                    RandomAccess.Write(file, new byte[bytes], (long)i * bytes);
                    var start = Stopwatch.GetTimestamp();
                    RandomAccess.FlushToDisk(file);
                    times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                }
            }

            File.Delete(path);
            times.Sort();
            Console.WriteLine($"sync of {bytes:N0} bytes: p50 {times[150]:N0} µs, p95 {times[285]:N0} µs, p99 {times[297]:N0} µs ({new DriveInfo(root).DriveFormat})");
        }
    }

    // The writer is started after the thread that syncs, and both have names that begin alike: the kernel keeps 15 letters.
    private static double CpuOf(string name, bool first)
    {
        var threads = Directory.GetDirectories("/proc/self/task").OrderBy(static path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
            .Where(path => File.ReadAllText(Path.Combine(path, "comm")).StartsWith(name, StringComparison.Ordinal))
            .Select(static path => File.ReadAllText(Path.Combine(path, "stat")).Split(')')[1].Split(' ')).Select(static stat => (double.Parse(stat[12], CultureInfo.InvariantCulture) + double.Parse(stat[13], CultureInfo.InvariantCulture)) / 100).ToArray();
        return first ? threads.Max() : threads.Sum() - threads.Max();
    }
}
