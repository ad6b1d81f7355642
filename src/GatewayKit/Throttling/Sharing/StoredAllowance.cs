using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>An allowance that a store keeps for all instances: what is common to the ways of asking it.</summary>
internal abstract class StoredAllowance(LocalView view, RateStoreLink link, StoredAllowance.Place place) : ThrottleAllowance
{
    protected LocalView View => view;

    protected RateStoreLink Link => link;

    protected ThrottleClock Clock => place.Clock;

    /// <summary>Corrects what was taken where it was: in the store, for which nobody waits, or here.</summary>
    public override RateDecision Settle(HttpContext httpContext, in RateUse use)
    {
        var key = view.KeyOf(httpContext);
        if (use.Mark == 0)
        {
            return view.Settle(httpContext, key, use);
        }

        // Once the store has answered, what is known here has changed too.
        var units = view.CorrectionOf(use);
        var left = view.Describe(key, (int)Math.Clamp(-units, 0, use.Reserved), use.Mark);
        if (units != 0)
        {
            Correct(key, view.StoreKeyOf(httpContext, key), units);
        }

        return left;
    }

    /// <summary>What the store says, with what only this instance knows of. While it does not answer, nobody knows.</summary>
    public override async ValueTask<RateDecision> PeekAsync(HttpContext httpContext)
    {
        var key = view.KeyOf(httpContext);
        if (view.IsCommon(key))
        {
            return RateDecision.Unknown(isTaken: true, place.Clock.Now);
        }

        if (await link.TakeAsync(view.StoreKeyOf(httpContext, key), view.Rule, cost: 0, httpContext.RequestAborted).ConfigureAwait(false) is not { } answer)
        {
            return RateDecision.Unknown(isTaken: true, place.Clock.Now);
        }

        var (more, next) = KnownHere(key);
        return new(
            IsTaken: true,
            place.Clock.Now,
            Wait: 0,
            (int)Math.Clamp(answer.Remaining + more, 0, view.Rule.Burst),
            answer.Next is { } known ? ThrottleClock.ToUnits(known) : next,
            Mark: 0);
    }

    /// <summary>What this instance knows of an allowance and the store does not.</summary>
    /// <returns>Units that are left beside those of the store, below 0 if it has still to be told of some; and the time until there is one more if none of the store's are taken.</returns>
    protected virtual (long More, long Next) KnownHere(ThrottleKey key) => default;

    /// <summary>Corrects what the store counts; nobody waits for it.</summary>
    protected void Correct(ThrottleKey key, RateKey storeKey, long units) => _ = CorrectAsync(key, storeKey, units);

    /// <summary>Decides while the store does not answer.</summary>
    protected RateDecision TakeAlone(HttpContext httpContext, ThrottleKey key, int cost)
    {
        place.Metrics.FellBack(place.RouteId, place.Partition);

        // Who only lets pass or refuses has nothing to tell the store, and would never learn that it is back.
        if (link.IsProbeDue)
        {
            link.Probe(view.StoreKeyOf(httpContext, key), view.Rule);
        }

        return place.OnFailure is StoreFailureAction.FallBackToLocal
            ? view.Take(httpContext, key, cost, link.Instances)
            : RateDecision.Unknown(place.OnFailure is StoreFailureAction.Allow, place.Clock.Now);
    }

    private async Task CorrectAsync(ThrottleKey key, RateKey storeKey, long units)
    {
        var (isAsked, at) = (link.IsUp, place.Clock.Now);
        if (await link.AddAsync(storeKey, view.Rule, units).ConfigureAwait(false) is { } answer)
        {
            view.Follow(key, storeKey, answer, at);
        }
        else if (units > 0 || !isAsked)
        {
            // It is told when the store is back, but for what came back: that may have been done all the same.
            view.Correct(new(view, key, storeKey), units);
        }
    }

    /// <summary>Where the throttle is, and what it does without the store.</summary>
    public sealed record Place(string RouteId, ThrottlePartition Partition, StoreFailureAction OnFailure, ThrottleClock Clock, SharingMetrics Metrics);
}
