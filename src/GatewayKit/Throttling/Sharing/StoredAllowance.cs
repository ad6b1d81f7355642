using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>An allowance that a store keeps for all instances: what is common to the ways of asking it.</summary>
internal abstract class StoredAllowance(LocalView view, RateStoreLink link, StoredAllowance.Place place) : ThrottleAllowance
{
    protected LocalView View => view;

    protected RateStoreLink Link => link;

    /// <summary>Corrects what was taken where it was: in the store, for which nobody waits, or here.</summary>
    public override RateDecision Settle(HttpContext httpContext, in RateUse use)
    {
        var key = view.KeyOf(httpContext);
        if (use.Mark == 0)
        {
            view.Settle(httpContext, key, use);
            return view.Describe(key, more: 0, use.Mark);
        }

        // Once the store has answered, what is known here has changed too.
        var units = view.CorrectionOf(use);
        var left = view.Describe(key, (int)Math.Clamp(-units, 0, use.Reserved), use.Mark);
        if (units != 0)
        {
            Correct(httpContext, key, units);
        }

        return left;
    }

    /// <summary>Corrects what the store counts; nobody waits for it.</summary>
    protected void Correct(HttpContext httpContext, ThrottleKey key, long units) => _ = CorrectAsync(key, view.StoreKeyOf(httpContext, key), units);

    /// <summary>Decides while the store does not answer.</summary>
    protected RateDecision TakeAlone(HttpContext httpContext, ThrottleKey key, int cost)
    {
        place.Metrics.FellBack(place.RouteId, place.Partition);
        return place.OnFailure is StoreFailureAction.FallBackToLocal
            ? view.Take(httpContext, key, cost, link.Instances)
            : RateDecision.Unknown(place.OnFailure is StoreFailureAction.Allow, place.Clock.Now);
    }

    private async Task CorrectAsync(ThrottleKey key, RateKey storeKey, long units)
    {
        if (await link.AddAsync(storeKey, view.Rule, units).ConfigureAwait(false) is { } answer)
        {
            view.Follow(key, answer);
        }
        else
        {
            // It is told when the store is back.
            view.FailCommit(new(view, key, storeKey), units);
        }
    }

    /// <summary>Where the throttle is, and what it does without the store.</summary>
    public sealed record Place(string RouteId, ThrottlePartition Partition, StoreFailureAction OnFailure, ThrottleClock Clock, SharingMetrics Metrics);
}
