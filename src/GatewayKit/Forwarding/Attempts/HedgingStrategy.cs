using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// Asks a second destination when the first takes long, and keeps the first acceptable answer. Polly's own hedging knows neither of budgets nor of
/// destinations, and cancels a loser without waiting for it, while it still uses the request.
/// </summary>
internal sealed class HedgingStrategy(
    HedgingPolicy policy, ClusterState cluster, RetryBudget share, RetryPolicy? retry, HedgeMetrics metrics, TimeProvider time, CancellationToken draining)
    : ResilienceStrategy<AttemptResult>
{
    private const string Hedged = "hedged";

    // The share of a destination's connections above which nothing is added to them.
    private const double MostBusy = 0.7;

    protected override ValueTask<Outcome<AttemptResult>> ExecuteCore<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<AttemptResult>>> callback, ResilienceContext context, TState state)
    {
        var ring = RingCall.Of(context, state);
        if (ring.Attempts > 0 || !MayBeHedged(ring.Call))
        {
            return callback(context, state);
        }

        share.Deposit();
        var first = callback(context, state);
        return first.IsCompleted ? first : RaceAsync(first.AsTask(), ring, callback, context, state);
    }

    private async ValueTask<Outcome<AttemptResult>> RaceAsync<TState>(
        Task<Outcome<AttemptResult>> first, RingCall ring, Func<ResilienceContext, TState, ValueTask<Outcome<AttemptResult>>> callback, ResilienceContext context, TState state)
    {
        if (await IsInTimeAsync(first).ConfigureAwait(false))
        {
            return await first.ConfigureAwait(false);
        }

        var outcome = Admit(ring);
        if (outcome is not Hedged)
        {
            metrics.Decided(cluster, outcome);
            return await first.ConfigureAwait(false);
        }

        var slow = ring.Latest;
        ring.MustGoElsewhere = true;
        var second = callback(context, state).AsTask();
        ring.MustGoElsewhere = false;

        // A refused one has no exchange, and has cost nobody anything.
        var hedge = ReferenceEquals(ring.Latest, slow) ? null : ring.Latest;
        metrics.Decided(cluster, hedge is null ? "no-destination" : Hedged);
        if (hedge is null)
        {
            share.PutBack();
            cluster.Budget.PutBack();
        }

        await Task.WhenAny(first, second).ConfigureAwait(false);
        if (IsAcceptable(first))
        {
            return await KeepAsync(first, hedge, second).ConfigureAwait(false);
        }

        if (IsAcceptable(second))
        {
            metrics.Won(cluster);
            return await KeepAsync(second, slow, first).ConfigureAwait(false);
        }

        // One has failed; what the other brings counts, and if that is no better the first one's word.
        await Task.WhenAll(first, second).ConfigureAwait(false);
        return IsAcceptable(second)
            ? await KeepAsync(second, slow, first).ConfigureAwait(false)
            : await KeepAsync(first, hedge, second).ConfigureAwait(false);
    }

    private static bool MayBeHedged(in ForwardCall call) =>
        call is { Upgrade: null, IsGrpc: false } && RequestRules.IsPlainRead(call.HttpContext) && call.Cluster.Transport.HasStreamsAtOnce;

    private async ValueTask<bool> IsInTimeAsync(Task first)
    {
        var usual = TimeSpan.FromMilliseconds(cluster.SlowAttemptTime.Value);
        var delay = policy.Delay ?? (usual > policy.MinDelay ? usual : policy.MinDelay);
        using var arrived = new CancellationTokenSource();
        await Task.WhenAny(first, Task.Delay(delay, time, arrived.Token)).ConfigureAwait(false);
        await arrived.CancelAsync().ConfigureAwait(false);
        return first.IsCompleted;
    }

    private string Admit(RingCall ring) =>
        ring.Call.HttpContext.RequestAborted.IsCancellationRequested ? "client-gone"
        : draining.IsCancellationRequested ? "draining"
        : !ring.Call.Deadline.Allows(TimeSpan.Zero, cluster.AttemptTime, time) ? "too-late"
        : !ring.HasDestination(elsewhere: true) ? "no-destination"
        : (ring.Latest is { } slow && slow.Destination.InFlight > MostBusy * cluster.MostInFlight) || cluster.Bulkhead is { Load: > MostBusy } ? "busy"
        : !share.TryWithdraw() ? "share-used"
        : policy.Mode is PolicyMode.Shadow ? "would-hedge"
        : !cluster.Budget.TryWithdraw() ? "budget-spent"
        : Hedged;

    private bool IsAcceptable(Task<Outcome<AttemptResult>> attempt) =>
        attempt.IsCompletedSuccessfully && attempt.GetAwaiter().GetResult() is { Exception: null, Result: { Error: ForwardError.None } result } && !RetryableFailures.Contains(result, retry ?? Defaults);

    // The loser is told to end and waited for: it uses the client's request, which must not end before it.
    private static async ValueTask<Outcome<AttemptResult>> KeepAsync(Task<Outcome<AttemptResult>> winner, Exchange? loser, Task<Outcome<AttemptResult>> losing)
    {
        loser?.Supersede();
        var lost = await losing.ConfigureAwait(false);
        if (lost is { Exception: null, Result.Exchange: { } exchange })
        {
            await exchange.EndAsync().ConfigureAwait(false);
        }

        return await winner.ConfigureAwait(false);
    }

    private static readonly RetryPolicy Defaults = new();
}
