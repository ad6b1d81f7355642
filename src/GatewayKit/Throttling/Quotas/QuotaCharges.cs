using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>What one request has taken of quotas. It is settled when the response is complete, whatever came of it.</summary>
internal sealed class QuotaCharges
{
    private readonly GatewayContext _context;
    private readonly List<(Quota Quota, QuotaCounter.Count Count)> _charges = [];

    private QuotaCharges(GatewayContext context) => _context = context;

    public BodyCounts Bodies => field ??= new();

    /// <summary>Those of a request.</summary>
    public static QuotaCharges Of(GatewayContext context)
    {
        var features = context.HttpContext.Features;
        if (features.Get<QuotaCharges>() is { } known)
        {
            return known;
        }

        var charges = new QuotaCharges(context);
        features.Set(charges);
        ReportedCosts.Of(context.HttpContext);
        context.HttpContext.Response.OnCompleted(static state => ((QuotaCharges)state).SettleAsync(), charges);
        return charges;
    }

    public void Add(Quota quota, in QuotaCounter.Count count) => _charges.Add((quota, count));

    /// <summary>All or nothing: a request that one quota refuses has taken nothing of the others.</summary>
    public async ValueTask ReleaseAsync()
    {
        for (var i = _charges.Count - 1; i >= 0; i--)
        {
            var (quota, count) = _charges[i];
            if (quota.IsEnforced)
            {
                _charges.RemoveAt(i);
                await quota.ReleaseAsync(count, _context).ConfigureAwait(false);
            }
        }
    }

    private async Task SettleAsync()
    {
        foreach (var (quota, count) in _charges)
        {
            await quota.SettleAsync(count, this, _context).ConfigureAwait(false);
        }
    }
}
