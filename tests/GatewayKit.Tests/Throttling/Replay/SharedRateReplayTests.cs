using GatewayKit.Throttling.Replay;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.Tests.Throttling.Replay.Replays;

namespace GatewayKit.Tests.Throttling.Replay;

/// <summary>Rates that instances share, of which a replay is one.</summary>
public sealed class SharedRateReplayTests
{
    [Fact]
    public async Task Shared_rates_take_nothing_of_the_store()
    {
        var store = new AskedStore();
        var report = await RunAsync(
            Route(""" "Throttle": { "RequestsPerSecond": 1, "Burst": 2, "Sharing": "Synchronous" } """), [At(0), At(0), At(0)], new() { Configure = gateway => gateway.Services.AddSingleton<IRateStore>(store) });
        Assert.Equal((1, 0), (report.Total.Refused, store.Calls));
    }

    [Fact]
    public async Task Shared_rate_is_replayed_where_no_store_is() =>
        Assert.Equal(1, (await RunAsync(Route(""" "Throttle": { "RequestsPerSecond": 1, "Burst": 2, "Sharing": "Leased" } """), [At(0), At(0), At(0)])).Total.Refused);

    private sealed class AskedStore : IRateStore
    {
        public int Calls { get; private set; }

        public ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken) => AddAsync(key, rule, cost, cancellationToken);

        public ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken)
        {
            Calls++;
            return ValueTask.FromException<RateAnswer>(new TimeoutException());
        }
    }
}
