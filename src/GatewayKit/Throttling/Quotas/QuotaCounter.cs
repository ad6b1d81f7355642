using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// Asks the store, and does without it for as long as it fails or is too slow: requests are then counted in the memory of this process, unless the policy wants otherwise. A store that knows it
/// is down fails at once, and nobody waits. The embedded store answers at once and never gets here.
/// </summary>
internal sealed class QuotaCounter(IQuotaStore store, InMemoryQuotaStore fallback, IOptions<QuotaOptions> options, TimeProvider time)
{
    private readonly TimeSpan _timeout = options.Value.StoreTimeout;
    private readonly TimeSpan _settleWithin = options.Value.SettleWithin;

    // Nobody throws it: there is a failure to tell, and no call that failed.
    private static readonly InvalidOperationException NoSecret = new("The store does not know yet what keys are hashed with.");

    public ValueTask<Count> ReserveAsync(Quota quota, HttpContext httpContext, long cost)
    {
        // Read once: it may come to be known at any moment, and a key by the one of the other store would be a key of its own.
        if (store.Secret is not { IsEmpty: false } secret)
        {
            return FallBackAsync(NoSecret, quota, httpContext, cost);
        }

        var (key, cancellationToken) = (quota.KeyOf(httpContext, secret, isKnown: false), httpContext.RequestAborted);
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
            : asked.IsFaulted ? FallBackAsync(asked.AsTask().Exception!.InnerException!, quota, httpContext, cost)
            : AwaitAsync(asked.AsTask().Observed(), quota, httpContext, cost, cancellationToken);
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

    /// <summary>Tells how a quota stands for a request; <see langword="null"/> while the store cannot say. Requests that are counted here meanwhile are no answer.</summary>
    public async ValueTask<QuotaAnswer?> ReadAsync(Quota quota, HttpContext httpContext)
    {
        if (store.Secret is not { IsEmpty: false } secret || !quota.TryReadKey(httpContext, secret, out var key))
        {
            return null;
        }

        try
        {
            var asked = store.ReadAsync(key, quota.Rule, httpContext.RequestAborted);
            return asked.IsCompletedSuccessfully ? asked.Result : await asked.AsTask().Observed().WaitAsync(_timeout, time, httpContext.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception) when (!httpContext.RequestAborted.IsCancellationRequested)
        {
            // Requests tell of a store that fails.
            return null;
        }
    }

    private async ValueTask<Count> AwaitAsync(Task<QuotaAnswer> asked, Quota quota, HttpContext httpContext, long cost, CancellationToken cancellationToken)
    {
        try
        {
            return new(await asked.WaitAsync(_timeout, time, cancellationToken).ConfigureAwait(false), store);
        }
        catch (Exception exception)
        {
            if (exception is not QuotaStoreLateException)
            {
                _ = GiveBackAsync(asked, quota);
            }

            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            return await FallBackAsync(exception, quota, httpContext, cost).ConfigureAwait(false);
        }
    }

    private async ValueTask<Count> FallBackAsync(Exception exception, Quota quota, HttpContext httpContext, long cost)
    {
        quota.FellBack(exception);
        if (exception is QuotaStoreLateException late)
        {
            _ = GiveBackAsync(late.Answer, quota);
        }

        if (quota.OnStoreFailure is not StoreFailureAction.FallBackToLocal)
        {
            return new(new() { IsAccepted = quota.OnStoreFailure is StoreFailureAction.Allow }, Store: null);
        }

        var key = quota.KeyOf(httpContext, fallback.Secret, isKnown: exception != NoSecret);
        return new(await fallback.ReserveAsync(key, quota.Rule, cost, _settleWithin, httpContext.RequestAborted).ConfigureAwait(false), fallback);
    }

    // Nobody waits for the answer any more, and what it takes nobody would settle. A threshold that it crosses is crossed once only, so it is told.
    private async Task GiveBackAsync(Task<QuotaAnswer> asked, Quota quota)
    {
        try
        {
            var answer = await LateAsync(asked).ConfigureAwait(false);
            if (answer.IsAccepted)
            {
                quota.TellLate(answer, answer.Reservation.Key);
                if (answer.Reservation.Cost > 0)
                {
                    await store.SettleAsync(answer.Reservation, quota.Rule, cost: 0, CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
        catch (Exception)
        {
            // A store that has failed is told of with the requests: what it took stays used.
        }
    }

    private static async Task<QuotaAnswer> LateAsync(Task<QuotaAnswer> asked)
    {
        try
        {
            return await asked.ConfigureAwait(false);
        }
        catch (QuotaStoreLateException exception)
        {
            return await exception.Answer.ConfigureAwait(false);
        }
    }

    /// <summary>An answer, and whose it is: what was reserved in one place is settled there. Nobody's, nothing was counted.</summary>
    public readonly record struct Count(QuotaAnswer Answer, IQuotaStore? Store);
}
