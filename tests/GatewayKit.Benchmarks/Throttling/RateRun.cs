using System.Diagnostics;
using System.Runtime.InteropServices;
using GatewayKit.Throttling;

namespace GatewayKit.Benchmarks.Throttling;

/// <summary>Facts of rate limiting that are no figures of time: memory under a flood of keys, and that nobody gets too much.</summary>
internal static class RateRun
{
    private const int FloodKeys = 10_000_000;
    private const int MaxKeys = 100_000;
    private const int Acquires = 16_000_000;
    private const int Tasks = 8;
    private const int Rounds = 10_000;
    private const int Runners = 64;

    private static readonly ThrottleClock Clock = new(TimeProvider.System);

    public static async Task<int> RunAsync()
    {
        Console.WriteLine($"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
        Flood<Gcra, long>("token bucket", OfTokens(0.001, 1));
        Flood<SlidingWindow, WindowCount>("sliding window", new(new(RateAlgorithm.SlidingWindow, 1, TimeSpan.FromDays(1), 1)));
        var tooMany = await OverAdmissionAsync(Acquires / 2) + Races();
        return tooMany == 0 ? 0 : 1;
    }

    private static Gcra OfTokens(double requestsPerSecond, int burst) => new(new(RateAlgorithm.TokenBucket, requestsPerSecond, TimeSpan.FromSeconds(1), burst));

    private static void Flood<TRate, TState>(string name, TRate rate)
        where TRate : struct, IRate<TState>
        where TState : unmanaged
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var start = Stopwatch.GetTimestamp();
        var table = new RateTable<TRate, TState>(rate, Clock, MaxKeys);
        for (var key = 0UL; key < FloodKeys; key++)
        {
            table.Take(new(key, 6), cost: 1);
        }

        var time = Stopwatch.GetElapsedTime(start);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine($"{name}: {FloodKeys:N0} keys, room for {MaxKeys:N0}: {bytes / 1048576.0:F1} MiB, {time.TotalNanoseconds / FloodKeys:F0} ns each");
        GC.KeepAlive(table);
    }

    // So slow a rate that nothing comes back meanwhile.
    private static async Task<int> OverAdmissionAsync(int burst)
    {
        var bucket = new RateBucket<Gcra, long>(OfTokens(0.5, burst), Clock);
        var start = Stopwatch.GetTimestamp();
        var taken = (await Task.WhenAll(Enumerable.Range(0, Tasks).Select(_ => Task.Run(() => Enumerable.Range(0, Acquires / Tasks).Count(_ => bucket.Take(cost: 1).IsTaken))))).Sum();
        var back = (int)Stopwatch.GetElapsedTime(start).TotalSeconds / 2;
        var tooMany = Math.Max(0, taken - burst - back);
        Console.WriteLine($"{Acquires:N0} acquires of {Tasks} tasks: {taken:N0} admitted of a burst of {burst:N0}, {tooMany:N0} too many (95 % bound of a zero: {3.0 / Acquires:E1})");
        return tooMany;
    }

    private static int Races()
    {
        var (wrong, won) = (0, 0);
        RateBucket<Gcra, long> bucket = null!;
        using var barrier = new Barrier(Runners, _ =>
        {
            wrong += bucket is null || won == 1 ? 0 : 1;
            (won, bucket) = (0, new(OfTokens(0.001, 1), Clock));
        });
        var threads = Enumerable.Range(0, Runners).Select(_ => new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                barrier.SignalAndWait();
                if (bucket.Take(cost: 1).IsTaken)
                {
                    Interlocked.Increment(ref won);
                }
            }

            barrier.SignalAndWait();
        })).ToArray();
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Console.WriteLine($"{Runners} threads for one unit, {Rounds:N0} rounds: {wrong} without exactly one winner (95 % bound of a zero: {3.0 / Rounds:E1})");
        return wrong;
    }
}
