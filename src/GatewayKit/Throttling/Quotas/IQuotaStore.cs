namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// Where quotas are counted. One of the host's own in DI takes the place of the embedded one. Implementations are safe for concurrent use, and each call is one atomic
/// step: two gateways that share a store never admit more than there is, and each threshold is crossed in one answer only.
/// </summary>
public interface IQuotaStore
{
    /// <summary>
    /// What partition keys are hashed with, 32 bytes or more: the same for as long as the store remembers anything, and for all who share it. Secret, because
    /// who knows it can guess the addresses behind keys. Empty as long as it is not known: the store is asked for nothing then, and requests are counted as while it fails.
    /// </summary>
    ReadOnlyMemory<byte> Secret { get; }

    /// <summary>Takes units of the current window, or none. A refused reservation changes nothing.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="rule">The numbers. What is used stays used when they change.</param>
    /// <param name="cost">Units. At least one unit must be left, also if this is 0: a debt is paid by the next request.</param>
    /// <param name="settleWithin">How long after now something of it may be given back.</param>
    /// <param name="cancellationToken">Canceled when nobody wants to know any more. Who throws has taken nothing; what is accepted all the same is settled with a cost of 0.</param>
    /// <exception cref="QuotaStoreLateException">The answer is not there in time, and may still come.</exception>
    ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken);

    /// <summary>
    /// Corrects a reservation to its true cost, at most once. Less than was reserved is given back, unless it has expired; more is taken, whether
    /// there is room or not. Neither changes a window other than the one that it was taken from.
    /// </summary>
    /// <param name="reservation">What was taken.</param>
    /// <param name="rule">The numbers.</param>
    /// <param name="cost">Units that were used.</param>
    /// <param name="cancellationToken">Canceled when nobody wants to know any more.</param>
    ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken);

    /// <summary>Tells how much is used, and changes nothing: no window begins, and no threshold is crossed.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="rule">The numbers.</param>
    /// <param name="cancellationToken">Canceled when nobody wants to know any more.</param>
    /// <returns><see cref="QuotaAnswer.Used"/> and when it comes back; <see langword="null"/>, the default, if that cannot be told: the store does not read, or has no room for the key.</returns>
    ValueTask<QuotaAnswer?> ReadAsync(QuotaKey key, QuotaRule rule, CancellationToken cancellationToken) => default;
}
