using System.Collections.Concurrent;
using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Benchmarks.Faults;

/// <summary>Three gateways in a row, each of which retries, and a destination that fails always: what a request of a client becomes there.</summary>
internal static class AmplificationRun
{
    public static async Task RunAsync(double perSecond, TimeSpan length)
    {
        Console.WriteLine($"Amplification over three gateways, MaxRetries 2, everything fails: {perSecond:0} requests/s for {length.TotalSeconds:0} s");
        foreach (var (name, breaker) in new[] { ("without circuit breakers", PolicyMode.Off), ("with circuit breakers", PolicyMode.Enforce) })
        {
            var seen = new ConcurrentDictionary<string, int>();
            await using var destination = await FaultHosts.DestinationAsync(seen, static context =>
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return Task.CompletedTask;
            });
            await using var third = await GatewayAsync(FaultHosts.AddressOf(destination), "", breaker);
            await using var second = await GatewayAsync(FaultHosts.AddressOf(third), "", breaker);
            await using var first = await GatewayAsync(FaultHosts.AddressOf(second), "", breaker);
            using var client = FaultHosts.Client();
            var load = new OpenLoop(client, number => new(HttpMethod.Get, new Uri(FaultHosts.AddressOf(first), "/a/")) { Headers = { { "X-Test-Id", $"{number}" } } });
            var samples = await load.RunAsync(perSecond, length);
            Console.WriteLine($"  {name}: {(double)seen.Values.Sum() / samples.Count:F3} requests at the destination for each of {samples.Count:N0}; answers: "
                + string.Join(", ", samples.GroupBy(static sample => $"{sample.Status} {sample.Reason}").Select(static group => $"{group.Count():N0} × {group.Key.Trim()}")));
        }
    }

    private static Task<WebApplication> GatewayAsync(Uri next, string path, PolicyMode breaker) => FaultHosts.GatewayAsync(
        [FaultHosts.Cluster("a", new Uri(next, path)) with { Retry = new RetryPolicy { MaxRetries = 2 }, CircuitBreaker = new() { Mode = breaker } }],
        static options => options.TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")]);
}
