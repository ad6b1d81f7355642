using System.Collections.Concurrent;
using GatewayKit.Benchmarks.Faults;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.Benchmarks.Overload;

/// <summary>A service of limited capacity behind a gateway, and clients who wait a second for an answer.</summary>
internal sealed class OverloadLab : IAsyncDisposable
{
    public const int Workers = 10;

    public static readonly TimeSpan MeanWork = TimeSpan.FromMilliseconds(25);
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly WebApplication _destination;
    private readonly WebApplication _gateway;
    private readonly HttpMessageInvoker _client = FaultHosts.Client();

    private OverloadLab(LimitedService service, WebApplication destination, WebApplication gateway) =>
        (Service, _destination, _gateway) = (service, destination, gateway);

    public LimitedService Service { get; }

    /// <param name="limits">What the gateway lets into the service at once.</param>
    public static async Task<OverloadLab> StartAsync(ClusterLimits limits)
    {
        var service = new LimitedService(Workers, MeanWork);
        var destination = await FaultHosts.DestinationAsync(new ConcurrentDictionary<string, int>(), service.ServeAsync);

        // What a limit does alone: a breaker or an ejection would stop the load, too.
        var gateway = await FaultHosts.GatewayAsync(
        [
            FaultHosts.Cluster("orders", FaultHosts.AddressOf(destination)) with
            {
                Limits = limits,
                CircuitBreaker = new() { Mode = PolicyMode.Off },
                Retry = new RetryPolicy { Mode = PolicyMode.Off },
            },
        ]);
        return new(service, destination, gateway);
    }

    /// <summary>What the service does for as many clients as it has workers, who ask again at once: measured at the gateway, before anything is judged by it.</summary>
    public async Task<double> MeasureCapacityAsync(TimeSpan length)
    {
        var end = TimeProvider.System.GetTimestamp() + (long)(length.TotalSeconds * TimeProvider.System.TimestampFrequency);
        var served = 0;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            while (TimeProvider.System.GetTimestamp() < end)
            {
                using var request = Create(0);
                using var answer = await _client.SendAsync(request, CancellationToken.None);
                served += answer.IsSuccessStatusCode ? 1 : 0;
            }
        }));
        return served / length.TotalSeconds;
    }

    public Task<IReadOnlyList<Sample>> LoadAsync(double perSecond, TimeSpan length) => new OpenLoop(_client, Create, Patience).RunAsync(perSecond, length);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _destination.DisposeAsync();
    }

    private HttpRequestMessage Create(int number) => new(HttpMethod.Get, new Uri(FaultHosts.AddressOf(_gateway), "/orders/"));
}
