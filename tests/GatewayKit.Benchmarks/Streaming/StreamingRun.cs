using GatewayKit.Benchmarks.Compare;

namespace GatewayKit.Benchmarks.Streaming;

/// <summary>
/// What streaming through a gateway costs: the time an event takes on its way, the memory that slow readers hold, and how soon the
/// upstream service learns that the client has gone. The gateway is a process of its own.
/// </summary>
internal static class StreamingRun
{
    private const string Usage = "usage: streaming [ticks] [readers] [aborts] [--workstation-gc] [--targets gatewaykit,yarp]";
    private static readonly string[] Parts = ["ticks", "readers", "aborts"];

    public static async Task<int> RunAsync(string[] args)
    {
        var serverGC = !args.Contains("--workstation-gc");
        args = [.. args.Where(static argument => argument is not "--workstation-gc")];
        var at = Array.IndexOf(args, "--targets");
        var targets = at < 0 ? ["gatewaykit"] : args.ElementAtOrDefault(at + 1)?.Split(',') ?? [];
        var parts = at < 0 ? args : [.. args[..at], .. args.Skip(at + 2)];
        if (targets is [] || targets.Except(["gatewaykit", "yarp"]).Any() || parts.Except(Parts).Any())
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("gatewaykit-streaming-").FullName;
        try
        {
            await using var upstream = await StreamingUpstream.StartAsync();
            var catalog = new TargetCatalog(folder, upstream.Address, serverGC, logging: false, cpu: null);
            foreach (var part in parts is [] ? Parts : parts)
            {
                await RunAsync(part, upstream, catalog, targets);
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(string part, StreamingUpstream upstream, TargetCatalog catalog, IEnumerable<string> targets)
    {
        if (part is "ticks")
        {
            Console.WriteLine(TickRun.Title);
            Console.WriteLine($"  {"direct",-10} {await TickRun.MeasureAsync(upstream.Address)}");
        }
        else if (part is "readers")
        {
            Console.WriteLine(SlowReaders.Title);
        }
        else
        {
            Console.WriteLine(AbortRun.Title);
            Console.WriteLine($"  {"direct",-10} {await AbortRun.MeasureAsync(upstream.Address, upstream)}");
        }

        foreach (var name in targets)
        {
            await using var target = await catalog.StartAsync(name);
            var line = part switch
            {
                "ticks" => (await TickRun.MeasureAsync(target.Address)).ToString(),
                "readers" => await SlowReaders.MeasureAsync(target),
                _ => (await AbortRun.MeasureAsync(target.Address, upstream)).ToString(),
            };
            Console.WriteLine($"  {name,-10} {line}");
        }
    }
}
