using System.Globalization;

namespace GatewayKit.Tests.Resilience.Model;

/// <summary>
/// Runs many traces, each with a seed of its own. One that fails is run again, with its steps kept, and both are told.
/// <c>GATEWAYKIT_TRACES</c> sets how many, <c>GATEWAYKIT_TRACE_SEED</c> the first seed: with <c>GATEWAYKIT_TRACES=1</c>, a single trace again.
/// </summary>
internal static class TraceRunner
{
    private const int UsualSeed = 20_261_128;

    public static void Run(int count, Action<Trace> trace)
    {
        count = Setting("GATEWAYKIT_TRACES") ?? count;
        var first = Setting("GATEWAYKIT_TRACE_SEED") ?? UsualSeed;
        var failed = int.MaxValue;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, (i, loop) =>
        {
            if (Fault(trace, new Trace(first + i, keepsSteps: false)) is not null)
            {
                InterlockedMin(ref failed, i);
                loop.Break();
            }
        });

        if (failed != int.MaxValue)
        {
            var again = new Trace(first + failed, keepsSteps: true);
            var fault = Fault(trace, again);
            Assert.Fail($"Trace with seed {again.Seed} (GATEWAYKIT_TRACE_SEED={again.Seed} GATEWAYKIT_TRACES=1): {fault ?? "passes when it is run alone"}{Environment.NewLine}{again.Story}");
        }
    }

    private static string? Fault(Action<Trace> run, Trace trace)
    {
        try
        {
            run(trace);
            return null;
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }
    }

    private static void InterlockedMin(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value < seen;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
