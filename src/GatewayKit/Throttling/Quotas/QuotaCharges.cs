using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>What one request has taken of quotas. It is settled when the response is complete, whatever came of it.</summary>
internal sealed class QuotaCharges
{
    private readonly GatewayContext _context;
    private readonly List<(Quota Quota, QuotaCounter.Count Count)> _charges = [];
    private Dictionary<string, long>? _reported;

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
        context.HttpContext.Response.OnCompleted(static state => ((QuotaCharges)state).SettleAsync(), charges);
        return charges;
    }

    public void Add(Quota quota, in QuotaCounter.Count count) => _charges.Add((quota, count));

    /// <summary>Notes what the request has used of a cost.</summary>
    public void Report(string name, long amount)
    {
        var reported = _reported ??= new(StringComparer.OrdinalIgnoreCase);
        reported[name] = reported.GetValueOrDefault(name) + amount;
    }

    /// <summary>What was noted of a cost.</summary>
    public long? ReportedOf(string name) => _reported is not null && _reported.TryGetValue(name, out var amount) ? amount : null;

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
