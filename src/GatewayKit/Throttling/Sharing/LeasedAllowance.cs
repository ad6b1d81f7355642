using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>
/// Serves from units that it has taken from the store ahead. They are void before the store has all of its units again less those that all instances may hold: so no span of time ever sees
/// more than the rate allows. A store that is nearly full is therefore asked for no more than a request needs.
/// </summary>
internal sealed class LeasedAllowance(LocalView view, RateStoreLink link, StoredAllowance.Place place, int batch, int maxKeys) : StoredAllowance(view, link, place)
{
    // Of what a lease has given: it goes back there.
    private const long OfLease = -1;

    private readonly ThrottleClock _clock = place.Clock;
    private readonly KeyedStates<LeaseRate, Lease> _leases = new(new(), place.Clock, maxKeys);

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
        if (use.Mark != OfLease)
        {
            return base.Settle(httpContext, use);
        }

        var step = new SettleStep(use);
        var key = View.KeyOf(httpContext);
        _leases.TryRun(key, ref step);
        return use.Actual > use.Reserved ? base.Settle(httpContext, use) : View.Describe(key, step.Left, OfLease);
    }

    /// <summary>Gives back what is left of all leases, with the commits that follow.</summary>
    public void ReturnLeases()
    {
        foreach (var (key, _) in _leases.ToArray())
        {
            var step = default(EndStep);
            _leases.TryRun(key, ref step);
            if (step.Lease.Units > 0)
            {
                View.FailCommit(new(View, key, step.Lease.StoreKey), -step.Lease.Units);
            }
        }
    }

    private bool TryServe(ThrottleKey key, int cost, out RateDecision decision)
    {
        var step = new ServeStep(cost);
        _leases.TryRun(key, ref step);
        decision = step.IsTaken ? View.Describe(key, step.Left, OfLease) : default;
        return step.IsTaken;
    }

    private async ValueTask<RateDecision> LeaseAsync(HttpContext httpContext, ThrottleKey key, int cost)
    {
        var asking = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _asking.GetOrAdd(key, asking.Task);
        if (first != asking.Task)
        {
            // Its batch may be used up by others who have waited: then this one asks for itself, and holds nothing.
            await first.WaitAsync(httpContext.RequestAborted).ConfigureAwait(false);
            return TryServe(key, cost, out var decision) ? decision : await AskAsync(httpContext, key, cost, cost).ConfigureAwait(false);
        }

        try
        {
            return await AskAsync(httpContext, key, cost, View.BatchFor(key, cost, batch, Link.Instances)).ConfigureAwait(false);
        }
        finally
        {
            _asking.TryRemove(key, out _);
            asking.SetResult();
        }
    }

    private async ValueTask<RateDecision> AskAsync(HttpContext httpContext, ThrottleKey key, int cost, int units)
    {
        var (storeKey, aborted) = (View.StoreKeyOf(httpContext, key), httpContext.RequestAborted);
        var at = _clock.Now;
        var asked = await Link.TakeAsync(storeKey, View.Rule, units, aborted).ConfigureAwait(false);
        if (asked is { IsAdmitted: false } && units > cost)
        {
            // Others were faster: less than a batch is left.
            (at, units) = (_clock.Now, cost);
            asked = await Link.TakeAsync(storeKey, View.Rule, units, aborted).ConfigureAwait(false);
        }

        if (asked is not { } answer)
        {
            return TakeAlone(httpContext, key, cost);
        }

        var decision = View.Follow(key, answer);
        if (decision.IsTaken && units > cost)
        {
            // From before the question on: the store has given them since.
            var step = new KeepStep(new(units - cost, at + View.LifetimeOf(answer, (long)Link.Instances * batch), storeKey));
            if (_leases.TryRun(key, ref step))
            {
                return decision with { Remaining = decision.Remaining + units - cost };
            }

            Correct(httpContext, key, cost - units);
        }

        return decision;
    }

    private struct ServeStep(int cost) : IRateStep<Lease>
    {
        public bool IsTaken;
        public int Left;

        public void Run(ref Lease state, long now)
        {
            IsTaken = cost > 0 && new LeaseRate().TryTake(state, now, cost, out state, out _);
            Left = state.Units;
        }
    }

    private readonly struct KeepStep(Lease lease) : IRateStep<Lease>
    {
        public void Run(ref Lease state, long now) => state = lease;
    }

    private struct SettleStep(RateUse use) : IRateStep<Lease>
    {
        public int Left;

        public void Run(ref Lease state, long now)
        {
            state = new LeaseRate().Settle(state, use, now);
            Left = state.Units;
        }
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
