using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>Decides at once by what this instance knows, and tells the store afterwards.</summary>
internal sealed class AsynchronousAllowance(LocalView view, RateStoreLink link, StoredAllowance.Place place) : StoredAllowance(view, link, place)
{
    public override RateDecision Take(HttpContext httpContext, int cost)
    {
        var key = View.KeyOf(httpContext);
        return Link.IsUp ? View.Take(httpContext, key, cost) : TakeAlone(httpContext, key, cost);
    }

    protected override (long More, long Next) KnownHere(ThrottleKey key) => View.Untold(key);
}
