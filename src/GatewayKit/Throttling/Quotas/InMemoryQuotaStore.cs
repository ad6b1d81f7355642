using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Quotas;

/// <summary>Counts quotas in memory, for tests and for what may start anew with the process.</summary>
/// <param name="time">The time.</param>
/// <param name="options">How many keys there is room for.</param>
public sealed class InMemoryQuotaStore(TimeProvider time, IOptions<QuotaOptions> options) : IQuotaStore
{
    private readonly QuotaTable _table = new(options.Value.MaxKeys, time);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Secret { get; } = RandomNumberGenerator.GetBytes(32);

    /// <inheritdoc/>
    public ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken) =>
        new(_table.Reserve(key, rule, cost, settleWithin));

    /// <inheritdoc/>
    public ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken) =>
        new(_table.Settle(reservation, rule, cost));

    /// <inheritdoc/>
    public ValueTask<QuotaAnswer?> ReadAsync(QuotaKey key, QuotaRule rule, CancellationToken cancellationToken) => new(_table.Read(key, rule));
}
