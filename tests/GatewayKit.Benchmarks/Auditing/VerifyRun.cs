using System.Diagnostics;
using System.Security.Cryptography;
using GatewayKit.Auditing.Reading;
using GatewayKit.Tests.Auditing.Reading;

namespace GatewayKit.Benchmarks.Auditing;

/// <summary>How many lines of a journal one core verifies in a second: real lines, chain, tree, checkpoints every 4,096 lines, segments of 64 MiB, from files.</summary>
internal static class VerifyRun
{
    private const int LinesOfSegment = 200_000;
    private const int LinesOfCheckpoint = 4_096;

    public static async Task<int> RunAsync(string[] args)
    {
        var lines = args is [var count, ..] ? int.Parse(count, System.Globalization.CultureInfo.InvariantCulture) : 1_000_000;
        var directory = Directory.CreateTempSubdirectory("verify-").FullName;
        try
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            foreach (var compress in (bool[])[false, true])
            {
                var folder = Path.Combine(directory, compress ? "gz" : "plain");
                Write(folder, key, lines, compress);
                await MeasureAsync(folder, key, compress ? "compressed" : "plain").ConfigureAwait(false);
            }

            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureAsync(string folder, ECDsa key, string name)
    {
        var keys = AuditKeys.Create([KeyValuePair.Create(JournalBuilder.KeyId, key.ExportSubjectPublicKeyInfoPem())]);
        var rates = new List<(double Wall, double Cpu)>();
        var report = await new AuditLog(folder).VerifyAsync(new() { TrustedKeys = keys }).ConfigureAwait(false);
        for (var run = 0; run < 5; run++)
        {
            var (start, cpu) = (Stopwatch.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime);
            report = await new AuditLog(folder).VerifyAsync(new() { TrustedKeys = keys }).ConfigureAwait(false);
            rates.Add((report.Lines / Stopwatch.GetElapsedTime(start).TotalSeconds, report.Lines / (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds));
        }

        var (wall, ofCore) = (rates.Select(static rate => rate.Wall).Order().ElementAt(2), rates.Select(static rate => rate.Cpu).Order().ElementAt(2));
        Console.WriteLine($"{name}: {report.Lines} lines, {report.Bytes >> 20} MiB, intact {report.IsIntact}: {ofCore:N0} lines a second of processor time, {wall:N0} by the clock (median of 5)");
    }

    private static void Write(string folder, ECDsa key, int lines, bool compress)
    {
        using var builder = new JournalBuilder(folder, key: key);
        builder.StartBoot();
        for (var i = 0; i < lines; i += 2)
        {
            builder.Request();
            if (i % LinesOfCheckpoint is 0)
            {
                builder.Checkpoint();
            }

            if (i % LinesOfSegment is 0 && i > 0)
            {
                builder.Rotate(compress);
            }
        }

        builder.Stop(compress: compress);
    }
}
