using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>
/// Serves from units that it has taken from the store ahead. They are void before the store has all of its units again less those that all instances may hold: so no span of time ever sees
/// more than the rate allows. A store that is nearly full is therefore asked for no more than a request needs.
/// </summary>
internal sealed class LeasedAllowance(LocalView view, RateStoreLink link, StoredAllowance.Place place, int batch, int maxKeys) : StoredAllowance(view, link, place)
{
    private readonly LeaseRate _rate = new(batch);
    private readonly KeyedStates<LeaseRate, Lease> _leases = new(new(batch), place.Clock, maxKeys);

    // One at a time for each key: else each of those that come at once would take a batch of its own.
    private readonly ConcurrentDictionary<ThrottleKey, Task> _asking = new();

    public override bool Waits => true;

    public override RateDecision Take(HttpContext httpContext, int cost)
    {
        var key = View.KeyOf(httpContext);
        return TryServe(key, cost, out var decision) ? decision : TakeAlone(httpContext, key, cost);
    }

    public override ValueTask<RateDecision> TakeAsync(HttpContext httpContext, int cost)
    {
        var key = View.KeyOf(httpContext);
        return TryServe(key, cost, out var decision) ? new(decision) : LeaseAsync(httpContext, key, cost);
    }

    public override RateDecision Settle(HttpContext httpContext, in RateUse use)
    {
        if (use.Mark >= 0 || use.Actual > use.Reserved)
        {
            return base.Settle(httpContext, use);
        }

        var key = View.KeyOf(httpContext);
        var step = new SettleStep(_rate, use);
        _leases.TryRun(key, ref step);

        // Another lease is not its place. The store still counts them, as long as they would have been of use.
        if (step.Rest > 0 && Clock.Now < -use.Mark)
        {
            Correct(key, View.StoreKeyOf(httpContext, key), -step.Rest);
        }

        return View.Describe(key, step.Left, use.Mark);
    }

    /// <summary>Ends all leases.</summary>
    /// <returns>Each key of which the store has to be told for that, when it is its turn.</returns>
    public IEnumerable<RateCommit> EndLeases()
    {
        foreach (var (key, _) in _leases.ToArray())
        {
            var step = default(EndStep);
            _leases.TryRun(key, ref step);
            var commit = new RateCommit(View, key, step.Lease.StoreKey);
            if (step.Lease.Units > 0 && View.Note(commit, -step.Lease.Units))
            {
                yield return commit;
            }
        }
    }

    // The store counts what was taken ahead as taken.
    protected override (long More, long Next) KnownHere(ThrottleKey key)
    {
        var step = default(LookStep);
        _leases.TryRun(key, ref step);
        var (untold, next) = View.Untold(key);
        return (step.Left + untold, next);
    }

    private bool TryServe(ThrottleKey key, int cost, out RateDecision decision)
    {
        var step = new ServeStep(_rate, cost);
        _leases.TryRun(key, ref step);
        decision = step.IsTaken ? View.Describe(key, step.Left, step.Mark) : default;
        return step.IsTaken;
    }

    private async ValueTask<RateDecision> LeaseAsync(HttpContext httpContext, ThrottleKey key, int cost)
    {
        var asking = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (deadline, storeKey, aborted) = (Link.Deadline, View.StoreKeyOf(httpContext, key), httpContext.RequestAborted);
        var first = _asking.GetOrAdd(key, asking.Task);
        if (first != asking.Task)
        {
            // Its batch may be used up by others who have waited: then this one asks for itself, and holds nothing.
            await Link.WaitAsync(first, deadline, aborted).ConfigureAwait(false);
            return TryServe(key, cost, out var served) ? served
                : await AskAsync(key, storeKey, cost, deadline, aborted).ConfigureAwait(false) ?? TakeAlone(httpContext, key, cost);
        }

        // Who leaves ends its own wait: the batch is for all that have the key, and whoever has it could else burn one with each request.
        var asked = AskBatchAsync(asking, key, storeKey, cost, deadline, aborted);
        var decision = asked.IsCompleted ? await asked.ConfigureAwait(false) : await asked.AsTask().Observed().WaitAsync(aborted).ConfigureAwait(false);
        return decision ?? TakeAlone(httpContext, key, cost);
    }

    // Without the request, which may be over before it ends.
    private async ValueTask<RateDecision?> AskBatchAsync(TaskCompletionSource asking, ThrottleKey key, RateKey storeKey, int cost, long deadline, CancellationToken aborted)
    {
        try
        {
            var units = View.BatchFor(key, cost, batch, Link.Instances);
            if (units > cost)
            {
                var at = Clock.Now;
                if (await Link.TakeAsync(storeKey, View.Rule, units, CancellationToken.None, deadline).ConfigureAwait(false) is not { } answer)
                {
                    return null;
                }

                if (answer.IsAdmitted)
                {
                    return Keep(key, storeKey, cost, units, answer, at, aborted);
                }

                // Others were faster: less than a batch is left.
                View.Follow(key, storeKey, answer, at);
                aborted.ThrowIfCancellationRequested();
            }

            return await AskAsync(key, storeKey, cost, deadline, aborted).ConfigureAwait(false);
        }
        finally
        {
            _asking.TryRemove(key, out _);
            asking.SetResult();
        }
    }

    private async ValueTask<RateDecision?> AskAsync(ThrottleKey key, RateKey storeKey, int cost, long deadline, CancellationToken aborted)
    {
        var at = Clock.Now;
        return await Link.TakeAsync(storeKey, View.Rule, cost, aborted, deadline).ConfigureAwait(false) is { } answer ? View.Follow(key, storeKey, answer, at) : null;
    }

    private RateDecision Keep(ThrottleKey key, RateKey storeKey, int cost, int units, in RateAnswer answer, long at, CancellationToken aborted)
    {
        var decision = View.Follow(key, storeKey, answer, at);
        var isGone = aborted.IsCancellationRequested;
        var ahead = isGone ? units : units - cost;

        // From before the question on: the store has given them since.
        var step = new KeepStep(new(ahead, at + View.LifetimeOf(answer, (long)Link.Instances * batch), storeKey));
        _leases.TryRun(key, ref step);
        var rest = step.IsKept ? step.Rest : -View.CorrectionOf(new(ahead, Actual: 0, at, decision.Mark));
        if (rest > 0)
        {
            Correct(key, storeKey, -rest);
        }

        if (isGone)
        {
            throw new OperationCanceledException(aborted);
        }

        return step.IsKept ? decision with { Remaining = decision.Remaining + ahead } : decision;
    }

    private struct ServeStep(LeaseRate rate, int cost) : IRateStep<Lease>
    {
        public bool IsTaken;
        public int Left;
        public long Mark;

        public void Run(ref Lease state, long now)
        {
            IsTaken = cost > 0 && rate.TryTake(state, now, cost, out state, out _);
            (Left, Mark) = (state.Units, rate.MarkOf(state));
        }
    }

    private struct KeepStep(Lease lease) : IRateStep<Lease>
    {
        public bool IsKept;

        // What the store counts and nobody holds any more: what was left of the lease before.
        public int Rest;

        public void Run(ref Lease state, long now)
        {
            IsKept = now < lease.Until;
            if (IsKept)
            {
                Rest = now < state.Until ? state.Units : 0;
                state = lease;
            }
        }
    }

    private struct SettleStep(LeaseRate rate, RateUse use) : IRateStep<Lease>
    {
        public int Left;
        public long Rest = use.Reserved - use.Actual;

        public void Run(ref Lease state, long now)
        {
            var before = state.Units;
            state = rate.Settle(state, use, now);
            Rest -= state.Units - before;
            Left = now < state.Until ? state.Units : 0;
        }
    }

    private struct LookStep : IRateStep<Lease>
    {
        public int Left;

        public void Run(ref Lease state, long now) => Left = now < state.Until ? state.Units : 0;
    }

    private struct EndStep : IRateStep<Lease>
    {
        public Lease Lease;

        public void Run(ref Lease state, long now)
        {
            Lease = now < state.Until ? state : default;
            state = state with { Units = 0 };
        }
    }
}
