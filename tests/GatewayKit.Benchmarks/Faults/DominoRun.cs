using System.Collections.Concurrent;
using System.Diagnostics;
using GatewayKit.Benchmarks.Streaming;
using GatewayKit.Chaos;
using GatewayKit.Clusters;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.Benchmarks.Faults;

/// <summary>
/// No domino: eight clusters behind one gateway, one of them ill in one way after the other. The other seven must not feel it, and the ill one must
/// fail fast once its circuit is open.
/// </summary>
internal static class DominoRun
{
    private const int Clusters = 8;

    public static async Task RunAsync(double perSecond, TimeSpan length)
    {
        var seen = new ConcurrentDictionary<string, int>();
        await using var destination = await FaultHosts.DestinationAsync(seen);
        await using var proxy = ChaosProxy.Start(FaultHosts.EndPointOf(destination));
        await using var plain = await FaultHosts.DestinationAsync(seen);
        Console.WriteLine($"No domino: {Clusters} clusters, {perSecond:0} requests/s in all, {length.TotalSeconds:0} s each; one destination each, Timeouts:Attempt 1 s");
        (string Name, Toxic? Toxic)[] faults =
        [
            ("hangs", new BlackHole { Flow = Flow.Answers }),
            ("resets", new Reset()),
            ("is slow", new Latency(TimeSpan.FromMilliseconds(500)) { Flow = Flow.Answers }),
            ("drips", new Bandwidth(1) { Flow = Flow.Answers }),
            ("has dead TLS", null),
        ];
        foreach (var (name, toxic) in faults)
        {
            var sick = toxic is null ? new Uri($"https://127.0.0.1:{FaultHosts.AddressOf(plain).Port}") : proxy.Address;
            await using var gateway = await FaultHosts.GatewayAsync(Enumerable.Range(0, Clusters).Select(i =>
                FaultHosts.Cluster($"c{i}", i == 0 ? sick : FaultHosts.AddressOf(destination)) with
                {
                    Timeouts = new() { Attempt = TimeSpan.FromSeconds(1) },
                    CircuitBreaker = new() { SlowCall = TimeSpan.FromMilliseconds(400) },
                }));
            proxy.Clear();
            using var client = FaultHosts.Client();
            var load = new OpenLoop(client, number => new(HttpMethod.Get, new Uri(FaultHosts.AddressOf(gateway), $"/c{number % Clusters}/")) { Headers = { { "X-Test-Id", $"{number}" } } });
            await load.RunAsync(perSecond, TimeSpan.FromSeconds(2));
            var before = await load.RunAsync(perSecond, length);
            var threads = ThreadPool.ThreadCount;
            if (toxic is not null)
            {
                proxy.ResetConnections();
                proxy.Add("ill", toxic);
            }

            var ill = await load.RunAsync(perSecond, length);
            Report(name, before, ill, threads);
        }
    }

    private static void Report(string name, IReadOnlyList<Sample> before, IReadOnlyList<Sample> ill, int threads)
    {
        static bool IsOther(Sample sample) => !sample.Path.StartsWith("/c0/", StringComparison.Ordinal);
        var (calm, others) = (Percentiles.Of(before.Where(IsOther).Select(static sample => sample.Milliseconds)), ill.Where(IsOther).ToArray());
        var now = Percentiles.Of(others.Select(static sample => sample.Milliseconds));
        Sample[] fast = [.. ill.Where(static sample => sample.Reason is "circuit-open")];
        Console.WriteLine($"  one {name}: the other seven p99 {calm.P99:F2} → {now.P99:F2} ms ({now.P99 / calm.P99:F2}×), {others.Count(static sample => !sample.IsServed)} errors of {others.Length:N0}; "
            + $"the ill one: {fast.Length:N0} circuit-open{(fast.Length > 0 ? $" at p99 {Percentiles.Of(fast.Select(static sample => sample.SinceSent)).P99:F2} ms from sending" : "")}, "
            + $"others {string.Join(", ", ill.Where(static sample => !IsOther(sample) && sample.Reason is not "circuit-open").GroupBy(static sample => $"{sample.Status} {sample.Reason}").Select(static group => $"{group.Count()} × {group.Key.Trim()}"))}; "
            + $"threads {threads} → {ThreadPool.ThreadCount}");
    }
}
