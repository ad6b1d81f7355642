using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>
/// Whatever strangers send, the process lives, takes little time and memory for it, never answers 500, and forwards only what a strict
/// reader takes. <c>tests/fuzz</c> runs more of the same for as long as it is told.
/// </summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class FuzzTests(ITestOutputHelper output)
{
    // What a single input may cost. Judged by the best of several runs: the collector and the compiler also work for the process.
    private const int MostTimes = 100;
    private const int WarmUp = 300;
    private static readonly TimeSpan MostTime = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData("requests", 20_000)]
    [InlineData("frames", 6_000)]
    [InlineData("responses", 10_000)]
    [InlineData("documents", 2_000)]
    public async Task Nothing_that_strangers_send_does_harm(string what, int count)
    {
        var unobserved = new List<Exception>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs arguments)
        {
            lock (unobserved)
            {
                unobserved.Add(arguments.Exception);
            }
        }

        Collect();
        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            await using var gateway = await FuzzGateway.StartAsync();
            var target = Target(what);
            var limit = FuzzSettings.Minutes is { } minutes ? TimeSpan.FromMinutes(minutes / 4) : Timeout.InfiniteTimeSpan;
            var clock = Stopwatch.StartNew();
            var done = await RunAsync(gateway, target, FuzzSettings.Count(what) ?? (limit > TimeSpan.Zero ? long.MaxValue : count), limit);
            Collect();
            output.WriteLine(
                $"{what}: {done} inputs of seed {FuzzSettings.Seed} in {clock.Elapsed.TotalSeconds:0.0} s. {string.Join(", ", target.Seen.OrderByDescending(static one => one.Value).Take(40).Select(static one => $"{one.Key}: {one.Value}"))}");
            Assert.Empty(unobserved);

            // A generator of rubbish only would show nothing about what is behind the first parser.
            Assert.True(done < 1_000 || target.Seen.GetValueOrDefault(target.Good) > done / 25, $"Too few inputs came to '{target.Good}'.");
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }
    }

    private static async Task<long> RunAsync(FuzzGateway gateway, FuzzTarget target, long count, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        var only = FuzzSettings.Index;
        for (var index = only ?? 0; index < (only + 1 ?? count); index++)
        {
            if (limit > TimeSpan.Zero && clock.Elapsed > limit)
            {
                return index;
            }

            var input = target.Make(new Random(unchecked((FuzzSettings.Seed * 1_000_003) + (int)index)));
            var fault = await FaultOfAsync(gateway, target, input, isWarm: index > WarmUp || only is not null);
            if (fault is not null)
            {
                var small = await Mutation.ShrinkAsync(input, async smaller => await FaultOfAsync(gateway, target, smaller, isWarm: true) is not null);
                Assert.Fail($"""
                    {fault}
                    Seed {FuzzSettings.Seed}, input {index}, {input.Length} bytes, shrunk to {small.Length}:
                    {Clients.Latin1.Show(Encoding.Latin1.GetString(small))}
                    {Convert.ToBase64String(small)}
                    Replay: tests/fuzz --seed {FuzzSettings.Seed} --index {index}
                    """);
            }
        }

        return only is null ? count : 1;
    }

    private static async Task<string?> FaultOfAsync(FuzzGateway gateway, FuzzTarget target, byte[] input, bool isWarm)
    {
        var (time, bytes) = (TimeSpan.MaxValue, long.MaxValue);
        var most = target.MostBytes + ((long)MostTimes * input.Length);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var (timeBefore, bytesBefore) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
            if (await target.RunAsync(gateway, input) is { } fault)
            {
                return fault;
            }

            (time, bytes) = (Min(time, Environment.CpuUsage.TotalTime - timeBefore), Math.Min(bytes, GC.GetTotalAllocatedBytes() - bytesBefore));
            if (!isWarm || (time <= MostTime && bytes <= most))
            {
                return null;
            }
        }

        return time > MostTime ? $"It takes {time.TotalMilliseconds:0} ms of the processor." : $"It allocates {bytes} bytes for {input.Length}.";
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static FuzzTarget Target(string what) => what switch
    {
        "requests" => new RequestTarget(),
        "frames" => new FrameTarget(),
        "responses" => new ResponseTarget(),
        _ => new DocumentTarget(),
    };

    private static void Collect()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}

/// <summary>What <c>tests/fuzz</c> asks for. Without it the same inputs run every time.</summary>
internal static class FuzzSettings
{
    public static int Seed { get; } = Number("SEED") is { } seed ? (int)seed : 20_261_124;

    /// <summary>How long all together; <see langword="null"/>: as many inputs as the test says.</summary>
    public static double? Minutes { get; } = Number("MINUTES");

    /// <summary>The one input to replay.</summary>
    public static long? Index { get; } = (long?)Number("INDEX");

    /// <summary>How many inputs of a kind, such as <c>GATEWAYKIT_FUZZ_REQUESTS</c>.</summary>
    public static long? Count(string what) => (long?)Number(what.ToUpperInvariant());

    private static double? Number(string name) =>
        double.TryParse(Environment.GetEnvironmentVariable($"GATEWAYKIT_FUZZ_{name}"), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
