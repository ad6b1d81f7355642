using System.Diagnostics;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>
/// The side-by-side run. Rounds are interleaved: in each round every target has its turn, in an order that rotates, so that
/// whatever else the machine does falls on all of them.
/// </summary>
internal static class CompareRun
{
    private const int WarmUpSeconds = 4;

    // The runtime compiles hot code twice or more, in the background: a turn in which it does tells of that.
    private const double CompiledMicroseconds = 30_000;
    private const int MostSecondsToCompile = 30;

    public static async Task<int> RunAsync(string[] args)
    {
        BenchOptions options;
        try
        {
            options = BenchOptions.Parse(args);
        }
        catch (FormatException problem)
        {
            await Console.Error.WriteLineAsync($"{problem.Message}\n{BenchOptions.Usage}");
            return 2;
        }

        await using var bench = await Bench.StartAsync(options);
        return await MeasureAsync(bench, options);
    }

    private static async Task CompileAsync(Bench bench, Target target, CompareCase test)
    {
        for (var second = 0; target.IsManaged && second < MostSecondsToCompile; second++)
        {
            var before = target.CompilerMicroseconds();
            await bench.LoadAsync(target, test, 1);
            if (target.CompilerMicroseconds() - before < CompiledMicroseconds)
            {
                return;
            }
        }
    }

    private static async Task<int> MeasureAsync(Bench bench, BenchOptions options)
    {
        var targets = bench.Targets;
        var turns = options.Cases.ToDictionary(static test => test, _ => new List<Target>());
        var faults = new List<string>();
        using var client = new HttpMessageInvoker(new SocketsHttpHandler());
        foreach (var target in targets)
        {
            foreach (var test in options.Cases.Where(test => test.RequiredHeader is null || target.Name is not "kestrel"))
            {
                if (await SanityCheck.FindFaultAsync(client, target, test) is { } fault)
                {
                    faults.Add($"{target.Name}, {test.Name}: {fault}; left out");
                }
                else
                {
                    turns[test].Add(target);
                }
            }
        }

        await CompareReport.WriteHeadAsync(options, targets);
        var started = Stopwatch.GetTimestamp();
        foreach (var target in targets)
        {
            var seconds = target.IsManaged ? WarmUpSeconds : 1;
            foreach (var test in options.Cases.Where(test => turns[test].Contains(target)))
            {
                // The first case pays for most of what there is to compile.
                await bench.LoadAsync(target, test, seconds);
                await CompileAsync(bench, target, test);
                seconds = 1;
            }
        }

        var measurements = new List<Measurement>();
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var (test, candidates) in turns)
            {
                for (var turn = 0; turn < candidates.Count; turn++)
                {
                    measurements.Add(await bench.MeasureAsync(candidates[(turn + round) % candidates.Count], test, round));
                }
            }
        }

        faults.AddRange(measurements.Where(static taken => taken.Failure is not null)
            .Select(static taken => $"{taken.Target}, {taken.Case}, round {taken.Round + 1}: {taken.Failure}"));
        CompareReport.WriteTables(options, measurements);
        Console.WriteLine($"\nmeasured in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
        if (options.JsonFile is { } file)
        {
            await CompareReport.WriteJsonAsync(file, options, targets, measurements, faults);
        }

        foreach (var fault in faults)
        {
            await Console.Error.WriteLineAsync($"FAILURE: {fault}");
        }

        return faults.Count is 0 ? 0 : 1;
    }
}
