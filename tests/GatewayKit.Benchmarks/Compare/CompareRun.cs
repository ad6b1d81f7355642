using System.Diagnostics;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>
/// The side-by-side run. Rounds are interleaved: in each round every target has its turn, in an order that rotates, so that
/// whatever else the machine does falls on all of them.
/// </summary>
internal static class CompareRun
{
    private const int WarmUpSeconds = 3;

    public static async Task<int> RunAsync(string[] args)
    {
        CompareOptions options;
        try
        {
            options = CompareOptions.Parse(args);
        }
        catch (FormatException problem)
        {
            await Console.Error.WriteLineAsync($"{problem.Message}\n{CompareOptions.Usage}");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("gatewaykit-compare-").FullName;
        var targets = new List<Target>();
        try
        {
            var (loadCpu, targetCpu) = options.Pin ? (0, 1) : ((int?)null, (int?)null);
            await using var upstream = await UpstreamServer.StartAsync(folder, loadCpu);
            var catalog = new TargetCatalog(folder, upstream.Address, options.ServerGC, options.Logging, targetCpu);
            foreach (var name in options.Targets)
            {
                targets.Add(await catalog.StartAsync(name));
            }

            return await MeasureAsync(targets, options, folder, loadCpu);
        }
        finally
        {
            foreach (var target in targets)
            {
                await target.DisposeAsync();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> MeasureAsync(List<Target> targets, CompareOptions options, string folder, int? loadCpu)
    {
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
            // The runtime compiles hot code twice; what is measured is the second version.
            foreach (var test in options.Cases.Where(test => turns[test].Contains(target)))
            {
                var seconds = Math.Max(1, (target.IsManaged ? WarmUpSeconds : 1) * options.Seconds / 2);
                await Wrk.RunAsync(target.Address, test, options.Connections, seconds, folder, loadCpu);
            }
        }

        var measurements = new List<Measurement>();
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var (test, candidates) in turns)
            {
                for (var turn = 0; turn < candidates.Count; turn++)
                {
                    measurements.Add(await Measurement.TakeAsync(candidates[(turn + round) % candidates.Count], test, round, options, folder, loadCpu));
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
