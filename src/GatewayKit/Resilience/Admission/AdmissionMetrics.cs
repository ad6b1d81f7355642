using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Resilience.Admission;

/// <summary>What admission control holds back. At endpoints it is counted by the pipeline, as for every policy.</summary>
internal sealed class AdmissionMetrics
{
    private readonly Admissions _admissions;
    private readonly Counter<long> _heldBack;

    public AdmissionMetrics(GatewayMeter meter, Admissions admissions)
    {
        _admissions = admissions;
        _heldBack = meter.Meter.CreateCounter<long>("gatewaykit.admission.shed", "{request}", "Requests that were not sent to a cluster because too many fail there, or would not have been.");
        meter.Meter.CreateObservableGauge("gatewaykit.admission.rejection", Rejections, "1", "The share of requests that is held back because too many fail, 0 to 1.");
    }

    public void HeldBack(string clusterId, bool isShadow) =>
        _heldBack.Add(1, new(TelemetryTags.Cluster, clusterId), new(TelemetryTags.Outcome, isShadow ? "would_refuse" : "refused"));

    private IEnumerable<Measurement<double>> Rejections() =>
        _admissions.InUse.Select(static one => new Measurement<double>(
            one.Control.Rejection, new KeyValuePair<string, object?>(one.IsCluster ? TelemetryTags.Cluster : TelemetryTags.Route, one.Name)));
}
