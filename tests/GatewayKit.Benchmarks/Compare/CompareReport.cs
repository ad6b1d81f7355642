using System.Runtime.InteropServices;
using System.Text.Json;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>Says what was measured and how, in text and in JSON.</summary>
internal static class CompareReport
{
    private const string Yardstick = "yarp";
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task WriteHeadAsync(BenchOptions options, IReadOnlyList<Target> targets)
    {
        Console.WriteLine($"""
            {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} CPUs, {RuntimeInformation.OSDescription}
            {options.Rounds} interleaved rounds of {options.Seconds} s, {options.Connections} connections, 1 load thread ({await NativeServer.VersionAsync("wrk")}){(options.Pin ? ", pinned: target on CPU 1, load and upstream server on CPU 0" : "")}
            Figures are medians (minimum–maximum) over the rounds; ratios to {Yardstick} are taken within each round.
            CPU is user and system time of the target's processes; latency is that of a closed loop on a busy machine.
            """);
        foreach (var target in targets)
        {
            Console.WriteLine($"  {target.Name,-10} {target.Runtime}{(target.IsManaged ? options.Logging ? ", warnings logged to the console" : ", no logging" : "")}");
        }

        if (options.Cases.Any(static test => test.RequiredHeader is not null))
        {
            Console.WriteLine("What the features case is, by target:");
            foreach (var target in targets)
            {
                Console.WriteLine($"  {target.Name,-10} {target.Features}");
            }
        }
    }

    public static void WriteTables(BenchOptions options, IReadOnlyList<Measurement> measurements)
    {
        foreach (var test in options.Cases)
        {
            Console.WriteLine($"\n{test.Name}: {test.Summary}");
            Console.WriteLine($"  {"",-10} {"CPU µs/request",-22} {"× " + Yardstick,-18} {"requests/s",-24} {"p50 ms",-20} {"p99 ms",-20} {"bytes allocated",-22} {"RSS MB",-10}");
            var byTarget = measurements.Where(taken => taken.Case == test.Name).ToLookup(static taken => taken.Target);
            foreach (var target in options.Targets.Where(byTarget.Contains))
            {
                var taken = byTarget[target].ToArray();
                Console.WriteLine(
                    $"  {target,-10} {Spread.Of(taken.Select(static one => one.CpuMicrosecondsPerRequest)).ToString("F1"),-22} "
                    + $"{Ratio(taken, byTarget[Yardstick]).ToString("F2"),-18} "
                    + $"{Spread.Of(taken.Select(static one => one.RequestsPerSecond)).ToString("F0"),-24} "
                    + $"{Spread.Of(taken.Select(static one => one.P50Milliseconds)).ToString("F2"),-20} "
                    + $"{Spread.Of(taken.Select(static one => one.P99Milliseconds)).ToString("F2"),-20} "
                    + $"{Spread.Of(taken.Select(static one => one.AllocatedBytesPerRequest).OfType<double>()).ToString("F0"),-22} "
                    + $"{Spread.Of(taken.Select(static one => one.ResidentBytes / 1e6)).Median,-10:F0}");
            }
        }
    }

    public static async Task WriteJsonAsync(
        string file, BenchOptions options, IReadOnlyList<Target> targets, IReadOnlyList<Measurement> measurements, IReadOnlyList<string> faults)
    {
        await using var stream = File.Create(file);
        await JsonSerializer.SerializeAsync(
            stream,
            new
            {
                At = DateTime.UtcNow,
                Cpus = Environment.ProcessorCount,
                options.Rounds,
                options.Seconds,
                options.Connections,
                options.Pin,
                Targets = targets.Select(static target => new { target.Name, target.Runtime, target.Features }),
                Measurements = measurements,
                Failures = faults,
            },
            Indented);
    }

    private static Spread Ratio(IEnumerable<Measurement> taken, IEnumerable<Measurement> yardstick) => Spread.Of(taken.Join(
        yardstick,
        static one => one.Round,
        static other => other.Round,
        static (one, other) => one.CpuMicrosecondsPerRequest / other.CpuMicrosecondsPerRequest));
}
