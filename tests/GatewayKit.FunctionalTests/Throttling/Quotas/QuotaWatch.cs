using GatewayKit.Pipeline;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Throttling.Quotas;

/// <summary>Keeps what observers are told.</summary>
internal sealed class QuotaWatch : IQuotaObserver, IGatewayObserver
{
    public List<(string Route, string Quota, QuotaThresholds Threshold, long Used)> Seen { get; } = [];

    public List<PolicyOutcome> Outcomes { get; } = [];

    public void ThresholdCrossed(QuotaCrossing crossing, HttpContext httpContext)
    {
        Assert.NotNull(httpContext.Request);
        Seen.Add((crossing.RouteId, crossing.Quota, crossing.Threshold, crossing.Used));
    }

    public void RequestCompleted(GatewayContext context) => Outcomes.Add(context.Decisions[0].Outcome);
}
