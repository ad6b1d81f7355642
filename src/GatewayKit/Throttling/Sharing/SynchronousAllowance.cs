using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>Asks the store for each request.</summary>
internal sealed class SynchronousAllowance(LocalView view, RateStoreLink link, StoredAllowance.Place place) : StoredAllowance(view, link, place)
{
    public override bool Waits => true;

    public override RateDecision Take(HttpContext httpContext, int cost) => TakeAlone(httpContext, View.KeyOf(httpContext), cost);

    public override ValueTask<RateDecision> TakeAsync(HttpContext httpContext, int cost)
    {
        var key = View.KeyOf(httpContext);
        var storeKey = View.StoreKeyOf(httpContext, key);
        var at = Clock.Now;
        var asked = Link.TakeAsync(storeKey, View.Rule, cost, httpContext.RequestAborted);
        return asked.IsCompletedSuccessfully ? new(Decide(httpContext, key, storeKey, cost, asked.Result, at)) : AwaitAsync(httpContext, key, storeKey, cost, asked, at);
    }

    private async ValueTask<RateDecision> AwaitAsync(HttpContext httpContext, ThrottleKey key, RateKey storeKey, int cost, ValueTask<RateAnswer?> asked, long at) =>
        Decide(httpContext, key, storeKey, cost, await asked.ConfigureAwait(false), at);

    // What the store has said is kept, so that nobody gets a fresh burst when it says nothing any more.
    private RateDecision Decide(HttpContext httpContext, ThrottleKey key, RateKey storeKey, int cost, in RateAnswer? asked, long at) =>
        asked is { } answer ? View.Follow(key, storeKey, answer, at) : TakeAlone(httpContext, key, cost);
}
