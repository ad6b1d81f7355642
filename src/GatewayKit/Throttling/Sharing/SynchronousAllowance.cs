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
        var asked = Link.TakeAsync(View.StoreKeyOf(httpContext, key), View.Rule, cost, httpContext.RequestAborted);
        return asked.IsCompletedSuccessfully ? new(Decide(httpContext, key, cost, asked.Result)) : AwaitAsync(httpContext, key, cost, asked);
    }

    private async ValueTask<RateDecision> AwaitAsync(HttpContext httpContext, ThrottleKey key, int cost, ValueTask<RateAnswer?> asked) =>
        Decide(httpContext, key, cost, await asked.ConfigureAwait(false));

    // What the store has said is kept, so that nobody gets a fresh burst when it says nothing any more.
    private RateDecision Decide(HttpContext httpContext, ThrottleKey key, int cost, in RateAnswer? asked) =>
        asked is { } answer ? View.Follow(key, answer) : TakeAlone(httpContext, key, cost);
}
