using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// Asks the store, and does without it for as long as it fails or is too slow: requests are then counted in the memory of this process, unless the policy wants otherwise. A store that knows it is down fails at once, and nobody
/// waits. The embedded store answers at once and never gets here.
/// </summary>
internal sealed class QuotaCounter(IQuotaStore store, InMemoryQuotaStore fallback, IOptions<QuotaOptions> options, TimeProvider time)
{
    private readonly TimeSpan _timeout = options.Value.StoreTimeout;
    private readonly TimeSpan _settleWithin = options.Value.SettleWithin;

    /// <summary>What keys are hashed with. A store that does not know its own yet fails, and what it is not asked for is counted under the other one.</summary>
    public ReadOnlyMemory<byte> Secret => store.Secret is { IsEmpty: false } secret ? secret : fallback.Secret;

    public ValueTask<Count> ReserveAsync(Quota quota, QuotaKey key, long cost, CancellationToken cancellationToken)
    {
        ValueTask<QuotaAnswer> asked;
        try
        {
            asked = store.ReserveAsync(key, quota.Rule, cost, _settleWithin, cancellationToken);
        }
        catch (Exception exception)
        {
            asked = ValueTask.FromException<QuotaAnswer>(exception);
        }

        return asked.IsCompletedSuccessfully ? new(new Count(asked.Result, store))
            : asked.IsFaulted ? FallBackAsync(asked.AsTask().Exception!.InnerException!, quota, key, cost, cancellationToken)
            : AwaitAsync(asked, quota, key, cost, cancellationToken);
    }

    /// <param name="quota">The quota.</param>
    /// <param name="count">What was reserved, and by whom.</param>
    /// <param name="cost">Units that were used.</param>
    public async ValueTask<QuotaAnswer> SettleAsync(Quota quota, Count count, long cost)
    {
        try
        {
            var asked = count.Store!.SettleAsync(count.Answer.Reservation, quota.Rule, cost, CancellationToken.None);
            return asked.IsCompletedSuccessfully ? asked.Result : await asked.AsTask().Observed().WaitAsync(_timeout, time).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // What was reserved stays used.
            quota.FellBack(exception);
            return default;
        }
    }

    private async ValueTask<Count> AwaitAsync(ValueTask<QuotaAnswer> asked, Quota quota, QuotaKey key, long cost, CancellationToken cancellationToken)
    {
        try
        {
            return new(await asked.AsTask().Observed().WaitAsync(_timeout, time, cancellationToken).ConfigureAwait(false), store);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return await FallBackAsync(exception, quota, key, cost, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<Count> FallBackAsync(Exception exception, Quota quota, QuotaKey key, long cost, CancellationToken cancellationToken)
    {
        quota.FellBack(exception);
        if (quota.OnStoreFailure is not StoreFailureAction.FallBackToLocal)
        {
            return new(new() { IsAccepted = quota.OnStoreFailure is StoreFailureAction.Allow }, Store: null);
        }

        return new(await fallback.ReserveAsync(key, quota.Rule, cost, _settleWithin, cancellationToken).ConfigureAwait(false), fallback);
    }

    /// <summary>An answer, and whose it is: what was reserved in one place is settled there. Nobody's, nothing was counted.</summary>
    public readonly record struct Count(QuotaAnswer Answer, IQuotaStore? Store);
}
