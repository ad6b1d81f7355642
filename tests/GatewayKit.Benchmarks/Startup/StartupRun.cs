using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using GatewayKit.Benchmarks.Compare;

namespace GatewayKit.Benchmarks.Startup;

/// <summary>
/// How long it takes from the start of a process to its first answer: a bare web application, GatewayKit, YARP. The order rotates
/// from run to run, and each process serves one request and ends.
/// </summary>
internal static class StartupRun
{
    private static readonly string[] Names = ["kestrel", "gatewaykit", "yarp"];

    public static async Task<int> RunAsync(string[] args)
    {
        var runs = args switch
        {
            [] => 10,
            ["--runs", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 1_000 => number,
            _ => 0,
        };
        if (runs is 0)
        {
            await Console.Error.WriteLineAsync("usage: startup [--runs N], 1 to 1,000");
            return 2;
        }

        // The upstream server starts once; the targets start again for every run.
        await using var bench = await Bench.StartAsync(new() { Targets = [] });
        var times = Names.ToDictionary(static name => name, static _ => new List<double>());
        await TimeAsync(bench, Names[0]); // Reads the runtime's files from disk.
        for (var run = 0; run < runs; run++)
        {
            for (var turn = 0; turn < Names.Length; turn++)
            {
                var name = Names[(turn + run) % Names.Length];
                times[name].Add(await TimeAsync(bench, name));
            }
        }

        Console.WriteLine($"process start to first answer in ms, median (minimum–maximum) of {runs} runs");
        foreach (var name in Names)
        {
            Console.WriteLine($"  {name,-10} {Spread.Of(times[name]).ToString("F0")}");
        }

        return 0;
    }

    private static async Task<double> TimeAsync(Bench bench, string name)
    {
        var started = Stopwatch.GetTimestamp();
        await using var target = await bench.StartTargetAsync(name);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(target.Address.Host, target.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync("GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        var answer = new byte[1_024];
        var length = await stream.ReadAsync(answer);
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return answer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8)
            ? elapsed
            : throw new InvalidOperationException($"{name} answered {System.Text.Encoding.ASCII.GetString(answer, 0, length)}");
    }
}
