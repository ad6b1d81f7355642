using GatewayKit.Redis.Quotas;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Tests.Throttling.Quotas;
using GatewayKit.Throttling.Quotas;
using StackExchange.Redis;

namespace GatewayKit.RedisTests.Quotas;

/// <summary>What every store has to do, with a server whose clock the tests move.</summary>
public sealed class RedisQuotaStoreTests(RedisServer server) : QuotaStoreConformance, IClassFixture<RedisServer>, IAsyncLifetime
{
    private RedisHost _host = null!;
    private ClockedStore _store = null!;

    protected override IQuotaStore Store => _store;

    public async ValueTask InitializeAsync()
    {
        await server.Server.FlushDatabaseAsync();
        _host = await RedisHost.StartAsync(server.ConnectionString);
        _store = new(new(_host.Link, Time, ScriptClock.OfKey), Time, server.Database);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>Tells the server what time it is before it is asked.</summary>
    private sealed class ClockedStore(RedisQuotaStore store, TimeProvider time, IDatabase database) : IQuotaStore
    {
        public ReadOnlyMemory<byte> Secret => store.Secret;

        public async ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken)
        {
            await ScriptClock.SetAsync(database, time.GetUtcNow());
            return await store.ReserveAsync(key, rule, cost, settleWithin, cancellationToken);
        }

        public async ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken)
        {
            await ScriptClock.SetAsync(database, time.GetUtcNow());
            return await store.SettleAsync(reservation, rule, cost, cancellationToken);
        }
    }
}
