using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;

namespace Microsoft.AspNetCore.Http;

/// <summary>Tells quotas and throttles what a request has cost.</summary>
public static class QuotaHttpContextExtensions
{
    /// <summary>Says what the request has used of a named cost, before its answer is complete. Several calls add up. Without a quota or throttle of that cost it has no effect.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="name">The name of the cost, as in <see cref="QuotaUnit.Cost"/> and <see cref="ThrottlePolicy.CostName"/>; case is ignored.</param>
    /// <param name="amount">Units, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="amount"/> is negative.</exception>
    public static void ReportCost(this HttpContext httpContext, string name, long amount)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        httpContext.Features.Get<ReportedCosts>()?.Report(name, amount);
    }
}
