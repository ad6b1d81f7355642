using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>What a request has taken of limits whose units it says itself: what is given back is what was taken, whatever it would say now.</summary>
internal sealed class ThrottleCharges
{
    private readonly Dictionary<ThrottleAllowance, int> _costs = new(ReferenceEqualityComparer.Instance);

    public static void Note(HttpContext httpContext, ThrottleAllowance allowance, int cost)
    {
        var charges = httpContext.Features.Get<ThrottleCharges>();
        if (charges is null)
        {
            httpContext.Features.Set(charges = new());
        }

        charges._costs[allowance] = cost;
    }

    public static int Of(HttpContext httpContext, ThrottleAllowance allowance) => httpContext.Features.Get<ThrottleCharges>()?._costs.GetValueOrDefault(allowance) ?? 0;
}
