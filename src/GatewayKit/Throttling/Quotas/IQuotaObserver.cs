using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// Told when a quota is nearly used, and when it is: once for each threshold and window, also if several gateways share a store. Register one in DI. Called on the request's
/// thread: it returns at once. What it throws is logged and changes nothing.
/// </summary>
public interface IQuotaObserver
{
    /// <summary>A threshold was crossed.</summary>
    /// <param name="crossing">Which.</param>
    /// <param name="httpContext">The request that crossed it; not to be kept after the call. An empty one if the store answered when the request no longer waited.</param>
    void ThresholdCrossed(QuotaCrossing crossing, HttpContext httpContext);
}
