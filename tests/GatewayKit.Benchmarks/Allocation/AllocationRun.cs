using System.Globalization;
using GatewayKit.Benchmarks.Compare;

namespace GatewayKit.Benchmarks.Allocation;

/// <summary>
/// Bytes allocated per request, and with <c>--sample</c> which types they are: the runtime's allocation ticks, shared out over the
/// requests. The target is a process of its own, so that neither the load nor the upstream server counts.
/// </summary>
internal static class AllocationRun
{
    private const int WarmUpSeconds = 3;

    public static async Task<int> RunAsync(string[] args)
    {
        var sample = args.Contains("--sample");
        BenchOptions options;
        try
        {
            options = BenchOptions.Parse(
                [.. args.Contains("--targets") ? [] : new[] { "--targets", "gatewaykit,yarp" },
                 .. args.Contains("--cases") ? [] : new[] { "--cases", "small" },
                 .. args.Where(static argument => argument is not "--sample")]);
        }
        catch (FormatException problem)
        {
            await Console.Error.WriteLineAsync($"{problem.Message}\nusage: alloc [--sample] and options of compare\n{BenchOptions.Usage}");
            return 2;
        }

        await using var bench = await Bench.StartAsync(options);
        var failed = false;
        foreach (var target in bench.Targets.Where(static target => target.IsManaged))
        {
            foreach (var test in options.Cases)
            {
                await bench.LoadAsync(target, test, WarmUpSeconds);
                var plain = await bench.MeasureAsync(target, test, round: 0);
                failed |= plain.Failure is not null;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name}, {test.Name}: {plain.AllocatedBytesPerRequest:F0} bytes per request {plain.Failure}"));
                if (sample)
                {
                    await SampleAsync(bench, target, test, options.Seconds, plain.AllocatedBytesPerRequest ?? 0);
                }
            }
        }

        return failed ? 1 : 0;
    }

    private static async Task SampleAsync(Bench bench, Target target, CompareCase test, int seconds, double bytesPerRequest)
    {
        await target.TellAsync("sample");
        await bench.LoadAsync(target, test, seconds);
        await target.TellAsync("samples");
        var types = new List<(string Type, double Bytes, string Ticks)>();
        while (await target.ReadLineAsync() is not "end" and var line)
        {
            var fields = line.Split('\t');
            types.Add((fields[2], double.Parse(fields[0], CultureInfo.InvariantCulture), fields[1]));
        }

        var sum = types.Sum(static type => type.Bytes);
        Console.WriteLine($"  {"bytes/request",14} {"ticks",6}  type");
        foreach (var (type, bytes, ticks) in types.Where(type => type.Bytes >= sum / 200))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {bytes / sum * bytesPerRequest,14:F0} {ticks,6}  {type}"));
        }
    }
}
