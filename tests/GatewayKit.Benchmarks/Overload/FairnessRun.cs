using System.Collections.Concurrent;
using GatewayKit.Benchmarks.Faults;
using GatewayKit.Benchmarks.Streaming;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.Benchmarks.Overload;

/// <summary>Twenty consumers at half of their rate, then one of them at a hundred times its rate besides: what the other nineteen feel. In turns, so that what disturbs one disturbs all.</summary>
internal static class FairnessRun
{
    private const int Consumers = 20;
    private const double Rate = 20;
    private const int Rounds = 6;

    public static async Task RunAsync(TimeSpan length)
    {
        var service = new LimitedService(Consumers * 2, TimeSpan.FromMilliseconds(10));
        await using var destination = await FaultHosts.DestinationAsync(new ConcurrentDictionary<string, int>(), service.ServeAsync);
        await using var gateway = await FaultHosts.GatewayAsync(
            [FaultHosts.Cluster("orders", FaultHosts.AddressOf(destination))],
            configure: null,
            new ThrottlePolicy { RequestsPerSecond = Rate, Burst = (int)Rate, Partition = ThrottlePartition.Header("X-Consumer") });
        using var client = FaultHosts.Client();
        var address = new Uri(FaultHosts.AddressOf(gateway), "/orders/");
        var others = new OpenLoop(client, number => Request(address, 1 + (number % (Consumers - 1))));
        var greedy = new OpenLoop(client, number => Request(address, 0));
        await others.RunAsync((Consumers - 1) * Rate / 2, TimeSpan.FromSeconds(5));
        Console.WriteLine($"Fairness: {Consumers - 1} consumers at {Rate / 2:0}/s each of {Rate:0}/s; one at {100 * Rate:0}/s in every second turn; {Rounds} turns of {length.TotalSeconds / Rounds:0} s each");
        var (alone, beside, flood) = (new List<Sample>(), new List<Sample>(), new List<Sample>());
        for (var round = 0; round < Rounds; round++)
        {
            alone.AddRange(await others.RunAsync((Consumers - 1) * Rate / 2, length / Rounds));
            var flooding = greedy.RunAsync(100 * Rate, length / Rounds);
            beside.AddRange(await others.RunAsync((Consumers - 1) * Rate / 2, length / Rounds));
            flood.AddRange(await flooding);
        }

        var (before, during) = (Percentiles.Of(alone.Select(static sample => sample.SinceSent)), Percentiles.Of(beside.Select(static sample => sample.SinceSent)));
        Console.WriteLine($"  the others alone: {before}; beside it: {during}: p99 {during.P99 / before.P99:F2} ×; not served {alone.Count(static sample => !sample.IsServed)} and {beside.Count(static sample => !sample.IsServed)}");
        Console.WriteLine($"  the one: {flood.Count(static sample => sample.IsServed) / length.TotalSeconds:F1}/s served of {flood.Count / length.TotalSeconds:0}/s, refused at {Percentiles.Of(flood.Where(static sample => !sample.IsServed).Select(static sample => sample.SinceSent))}");
    }

    private static HttpRequestMessage Request(Uri address, int consumer) => new(HttpMethod.Get, address) { Headers = { { "X-Consumer", $"c{consumer}" } } };
}
