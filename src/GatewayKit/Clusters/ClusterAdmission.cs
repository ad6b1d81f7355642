using GatewayKit.Pipeline;
using GatewayKit.Resilience.Admission;

namespace GatewayKit.Clusters;

/// <summary>The admission control of a cluster: requests ask it once, attempts tell it how they fared.</summary>
internal sealed class ClusterAdmission(AdmissionPolicy policy, Admissions.Entry entry, AdmissionMetrics metrics)
{
    private readonly bool _isShadow = policy.Mode is PolicyMode.Shadow;

    /// <summary>Whether a request is sent on.</summary>
    public bool TryEnter()
    {
        if (entry.Control.TryEnter())
        {
            return true;
        }

        metrics.HeldBack(entry.Name, _isShadow);
        return _isShadow;
    }

    /// <summary>Counts how an attempt fared.</summary>
    public void Count(bool isSuccess) => entry.Control.Count(isSuccess);
}
