using System.Collections.Concurrent;
using System.Diagnostics;
using GatewayKit.Chaos;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.Benchmarks.Faults;

/// <summary>
/// One of three destinations dies, resets, becomes slow or flaps under load. Requests that may be sent again must hardly notice, none of the others may
/// arrive twice, and the destination must be in full use again soon after it is well.
/// </summary>
internal static class ThirdsRun
{
    public static async Task RunAsync(double perSecond, TimeSpan length)
    {
        Console.WriteLine($"One of three destinations: {perSecond:0} requests/s, one in ten a POST, {length.TotalSeconds:0} s of trouble; Retry 1, Timeouts:Attempt 1 s");
        await RunAsync("is killed", perSecond, length, static (proxy, _) => { proxy.Down(); return Task.CompletedTask; });
        await RunAsync("resets", perSecond, length, static (proxy, _) => { proxy.Add("ill", new Reset()); proxy.ResetConnections(); return Task.CompletedTask; });
        await RunAsync("is slow by 300 ms", perSecond, length, static (proxy, _) => { proxy.Add("ill", new Latency(TimeSpan.FromMilliseconds(300)) { Flow = Flow.Answers }); return Task.CompletedTask; });
        await RunAsync("flaps at 1 Hz", perSecond, length, static (proxy, length) => ChaosSchedule.Flapping(TimeSpan.FromSeconds(1), (int)length.TotalSeconds).RunAsync(proxy));
    }

    private static async Task RunAsync(string name, double perSecond, TimeSpan length, Func<ChaosProxy, TimeSpan, Task> trouble)
    {
        var seen = new ConcurrentDictionary<string, int>();
        var arrivals = new ConcurrentQueue<(int Destination, long At)>();
        var apps = new List<WebApplication>();
        for (var i = 0; i < 3; i++)
        {
            var number = i;
            apps.Add(await FaultHosts.DestinationAsync(seen, async context =>
            {
                arrivals.Enqueue((number, Stopwatch.GetTimestamp()));
                await Task.Delay(5);
            }));
        }

        await using var proxy = ChaosProxy.Start(FaultHosts.EndPointOf(apps[0]));
        await using var gateway = await FaultHosts.GatewayAsync(
        [
            FaultHosts.Cluster("orders", proxy.Address, FaultHosts.AddressOf(apps[1]), FaultHosts.AddressOf(apps[2])) with
            {
                Retry = new RetryPolicy(),
                Timeouts = new() { Attempt = TimeSpan.FromSeconds(1) },
            },
        ]);
        using var client = FaultHosts.Client();
        var run = 0;
        var load = new OpenLoop(client, number => new(number % 10 == 0 ? HttpMethod.Post : HttpMethod.Get, new Uri(FaultHosts.AddressOf(gateway), "/orders/"))
        {
            Headers = { { "X-Test-Id", $"{(number % 10 == 0 ? "post" : "get")}-{run}-{number}" } },
        });
        await load.RunAsync(perSecond, TimeSpan.FromSeconds(2));
        run++;
        var troubled = trouble(proxy, length);
        var during = await load.RunAsync(perSecond, length);
        await troubled;
        proxy.Clear();
        proxy.Up();
        run++;
        var wellAt = Stopwatch.GetTimestamp();
        var after = await load.RunAsync(perSecond, TimeSpan.FromSeconds(30));
        Report(name, during, after, seen, arrivals, wellAt);
        foreach (var app in apps)
        {
            await app.DisposeAsync();
        }
    }

    private static void Report(
        string name, IReadOnlyList<Sample> during, IReadOnlyList<Sample> after, ConcurrentDictionary<string, int> seen, ConcurrentQueue<(int Destination, long At)> arrivals, long wellAt)
    {
        Sample[] safe = [.. during.Where(static sample => sample.Method is "GET")];
        Sample[] unsafes = [.. during.Where(static sample => sample.Method is "POST")];

        // Full use: the first second of which it has its third, less a fifth for chance.
        var full = Enumerable.Range(0, 30).FirstOrDefault(second =>
        {
            var (from, to) = (wellAt + (second * Stopwatch.Frequency), wellAt + ((second + 1) * Stopwatch.Frequency));
            (int Destination, long At)[] then = [.. arrivals.Where(arrival => arrival.At >= from && arrival.At < to)];
            return then.Length > 0 && then.Count(static arrival => arrival.Destination == 0) >= 0.8 * then.Length / 3;
        }, -1);
        Console.WriteLine($"  {name}: GET {100.0 * safe.Count(static sample => sample.IsServed) / safe.Length:F3} % of {safe.Length:N0} served, POST {100.0 * unsafes.Count(static sample => sample.IsServed) / unsafes.Length:F2} % of {unsafes.Length:N0}, "
            + $"{seen.Count(static entry => entry.Key.StartsWith("post", StringComparison.Ordinal) && entry.Value > 1)} POSTs delivered twice; full use {(full < 0 ? "not within 30 s" : $"{full + 1} s")} after it was well, "
            + $"errors: {Errors(during)}; in the 30 s after: {Errors(after)}");
    }

    private static string Errors(IReadOnlyList<Sample> samples)
    {
        var errors = samples.Where(static sample => !sample.IsServed).GroupBy(static sample => $"{sample.Method} {sample.Status} {sample.Reason}").Select(static group => $"{group.Count()} × {group.Key}").ToArray();
        return errors.Length is 0 ? "none" : string.Join(", ", errors);
    }
}
