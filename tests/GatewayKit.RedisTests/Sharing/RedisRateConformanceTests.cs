using GatewayKit.Redis.Rates;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Tests.Throttling.Sharing;
using GatewayKit.Throttling.Sharing;
using StackExchange.Redis;

namespace GatewayKit.RedisTests.Sharing;

/// <summary>What every store of rates has to do, with a server whose clock the tests move.</summary>
public sealed class RedisRateConformanceTests(RedisServer server) : RateStoreConformance, IClassFixture<RedisServer>, IAsyncLifetime
{
    private RedisHost _host = null!;
    private ClockedStore _store = null!;

    protected override IRateStore Store => _store;

    public async ValueTask InitializeAsync()
    {
        await server.Server.FlushDatabaseAsync();
        _host = await RedisHost.StartAsync(server.ConnectionString);
        _store = new(new(_host.Link, ScriptClock.OfKey), server.Database);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    protected override Task PassAsync(TimeSpan time)
    {
        _store.Now += time;
        return Task.CompletedTask;
    }

    /// <summary>It tells the server what time it is before it asks.</summary>
    private sealed class ClockedStore(RedisRateStore store, IDatabase database) : IRateStore
    {
        // The edge of a window of a minute.
        public DateTimeOffset Now { get; set; } = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

        public async ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken)
        {
            await ScriptClock.SetAsync(database, store.KeyOf(key, RateTerms.Of(rule)), Now);
            return await store.TakeAsync(key, rule, cost, cancellationToken);
        }

        public async ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken)
        {
            await ScriptClock.SetAsync(database, store.KeyOf(key, RateTerms.Of(rule)), Now);
            return await store.AddAsync(key, rule, units, cancellationToken);
        }
    }
}
