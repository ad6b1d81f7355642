using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using GatewayKit.Auditing.Shipping;
using GatewayKit.OpenTelemetry;
using GatewayKit.Tests.Auditing.Reading;
using OpenTelemetry.Exporter;

namespace GatewayKit.Benchmarks.Auditing;

/// <summary>
/// How many lines of a journal one core sends to a collector in a second: real lines of a file, read, made log records, written by the SDK, and sent to a receiver in this process that reads and
/// confirms them without looking, whose time counts too.
/// </summary>
internal static class OtlpRun
{
    public static async Task<int> RunAsync(string[] args)
    {
        var lines = args is [var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 200_000;
        var directory = Directory.CreateTempSubdirectory("otlp-").FullName;
        using var receiver = new TcpListener(IPAddress.Loopback, 0);
        receiver.Start();
        var serving = ServeAsync(receiver);
        try
        {
            var journal = Write(directory, lines);
            foreach (var compression in (OtlpExportCompression[])[OtlpExportCompression.None, OtlpExportCompression.GZip])
            {
                await MeasureAsync(journal, new() { Address = new($"http://{receiver.LocalEndpoint}"), Compression = compression }).ConfigureAwait(false);
            }

            return 0;
        }
        finally
        {
            receiver.Stop();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureAsync((string Folder, Guid Boot) journal, OtlpAuditOptions options)
    {
        using var sink = new OtlpAuditSink(instance => new(options, instance, "benchmark"), new(options, [], TimeProvider.System), TimeProvider.System);
        var (sent, _, _, _) = await SendAsync(sink, journal).ConfigureAwait(false);
        var runs = new List<(double Wall, double Cpu, double Allocated)>();
        for (var run = 0; run < 5; run++)
        {
            var (records, wall, cpu, allocated) = await SendAsync(sink, journal).ConfigureAwait(false);
            runs.Add((records / wall.TotalSeconds, records / cpu.TotalSeconds, (double)allocated / records));
        }

        var (byClock, ofCore, bytes) = (Median(static run => run.Wall), Median(static run => run.Cpu), Median(static run => run.Allocated));
        Console.WriteLine($"compression {options.Compression}: {sent} lines: {ofCore:N0} lines a second of processor time, {byClock:N0} by the clock, {bytes:N0} bytes allocated a line (median of 5)");

        double Median(Func<(double Wall, double Cpu, double Allocated), double> of) => runs.Select(of).Order().ElementAt(2);
    }

    private static async Task<(long Records, TimeSpan Wall, TimeSpan Cpu, long Allocated)> SendAsync(OtlpAuditSink sink, (string Folder, Guid Boot) journal)
    {
        using var reader = new BootReader("eu1", [journal.Folder], new(journal.Boot), new());
        var (start, cpu, allocated, records) = (Stopwatch.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes(), 0L);
        while (reader.Read(null) is { IsEmpty: false } batch)
        {
            records += batch.Count;
            var receipt = await sink.WriteAsync(batch.Part(0, batch.Count), CancellationToken.None).ConfigureAwait(false);
            if (receipt.Rejections.Count > 0)
            {
                throw new InvalidOperationException("A line was refused.");
            }
        }

        return (records, Stopwatch.GetElapsedTime(start), Process.GetCurrentProcess().TotalProcessorTime - cpu, GC.GetTotalAllocatedBytes() - allocated);
    }

    private static (string Folder, Guid Boot) Write(string directory, int lines)
    {
        using var builder = new JournalBuilder(directory);
        builder.StartBoot();
        for (var line = 0; line < lines; line += 2)
        {
            builder.Request();
        }

        builder.Stop();
        return (builder.BootFolder, builder.Boot);
    }

    private static async Task ServeAsync(TcpListener listener)
    {
        while (true)
        {
            using var connection = await listener.AcceptSocketAsync().ConfigureAwait(false);
            await AnswerAsync(connection).ConfigureAwait(false);
        }
    }

    private static async Task AnswerAsync(Socket connection)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        var (kept, left) = (0, 0L);
        while (await connection.ReceiveAsync(buffer.AsMemory(kept)).ConfigureAwait(false) is > 0 and var read)
        {
            kept += read;
            if (left is 0)
            {
                var end = buffer.AsSpan(0, kept).IndexOf("\r\n\r\n"u8);
                if (end < 0)
                {
                    continue;
                }

                left = LengthOf(Encoding.ASCII.GetString(buffer, 0, end));
                kept -= end + 4;
            }

            (left, kept) = (left - kept, 0);
            if (left <= 0)
            {
                left = 0;
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"u8.ToArray()).ConfigureAwait(false);
            }
        }
    }

    private static long LengthOf(string head)
    {
        var line = head.Split("\r\n").First(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return long.Parse(line.AsSpan("Content-Length:".Length), CultureInfo.InvariantCulture);
    }
}
