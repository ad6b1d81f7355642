using GatewayKit.Redis.Quotas;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling.Quotas;
using StackExchange.Redis;

namespace GatewayKit.RedisTests.Quotas;

/// <summary>A store by <see cref="ScriptClock.OfKey"/>: it tells the server what time it is before it asks.</summary>
internal sealed class ClockedStore(RedisQuotaStore store, TimeProvider time, IDatabase database) : IQuotaStore
{
    public ReadOnlyMemory<byte> Secret => store.Secret;

    public async ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken)
    {
        await ScriptClock.SetAsync(database, store.NameOf(key), time.GetUtcNow());
        return await store.ReserveAsync(key, rule, cost, settleWithin, cancellationToken);
    }

    public async ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken)
    {
        await ScriptClock.SetAsync(database, store.NameOf(reservation.Key), time.GetUtcNow());
        return await store.SettleAsync(reservation, rule, cost, cancellationToken);
    }

    public async ValueTask<QuotaAnswer?> ReadAsync(QuotaKey key, QuotaRule rule, CancellationToken cancellationToken)
    {
        await ScriptClock.SetAsync(database, store.NameOf(key), time.GetUtcNow());
        return await store.ReadAsync(key, rule, cancellationToken);
    }
}
