using GatewayKit.Pipeline;

namespace GatewayKit.Throttling;

/// <summary>
/// What a request has taken of limits that have to remember it: whose units it says itself, because what is given back is what was taken, whose true cost is known when it is done, and that it came to later than to others. Each
/// charge is given back or settled once.
/// </summary>
internal sealed class ThrottleCharges
{
    private readonly GatewayContext _context;
    private readonly List<ThrottleCharge> _charges = [];

    private ThrottleCharges(GatewayContext context) => _context = context;

    /// <summary>Those of a request.</summary>
    public static ThrottleCharges Of(GatewayContext context)
    {
        var httpContext = context.HttpContext;
        if (httpContext.Features.Get<ThrottleCharges>() is { } known)
        {
            return known;
        }

        var charges = new ThrottleCharges(context);
        httpContext.Features.Set(charges);
        ReportedCosts.Of(httpContext);
        httpContext.Response.OnCompleted(static state => ((ThrottleCharges)state).SettleAsync(), charges);
        return charges;
    }

    public void Add(in ThrottleCharge charge) => _charges.Add(charge);

    /// <summary>Takes out what a request has taken of an allowance, if it had to be remembered.</summary>
    public static bool TryRemove(GatewayContext context, ThrottleAllowance allowance, out ThrottleCharge charge)
    {
        var charges = context.HttpContext.Features.Get<ThrottleCharges>()?._charges;
        var index = charges?.FindIndex(one => ReferenceEquals(one.Allowance, allowance)) ?? -1;
        charge = index < 0 ? default : charges![index];
        if (index >= 0)
        {
            charges!.RemoveAt(index);
        }

        return index >= 0;
    }

    private Task SettleAsync()
    {
        foreach (var charge in _charges)
        {
            charge.Limit.Settle(_context, charge);
        }

        _charges.Clear();
        return Task.CompletedTask;
    }
}

/// <summary>What a request has taken of one limit.</summary>
/// <param name="Limit">The limit that took it.</param>
/// <param name="Allowance">What it was taken from.</param>
/// <param name="Cost">Units.</param>
/// <param name="Decision">What the allowance said.</param>
internal readonly record struct ThrottleCharge(ThrottleLimit Limit, ThrottleAllowance Allowance, int Cost, RateDecision Decision)
{
    public RateUse Used(long actual) => new(Cost, actual, Decision.Due, Decision.Mark, Decision.IsOverflow);
}
