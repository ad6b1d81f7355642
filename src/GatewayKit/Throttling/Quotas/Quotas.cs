using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>Finds what counts a quota of an endpoint. The store is opened when the first endpoint has one.</summary>
internal sealed class Quotas(Lazy<QuotaCounter> counter, QuotaMetrics metrics)
{
    public Quota For(GatewayEndpoint endpoint, QuotaPolicy policy)
    {
        // Limits are no part of it: what is used stays used when they change. Nor is the mode: what was tried in Shadow goes on in Enforce.
        var isShared = policy.Partition.IsConstant;
        var identity = string.Join('\n', isShared ? endpoint.SharedStateKey(policy.EffectiveName) : endpoint.StateKey.ToUpperInvariant(), policy.Partition.Identity, policy.Unit.ToString().ToUpperInvariant(), policy.Window.Identity);
        return new(endpoint.RouteId, policy, new(identity, policy.Partition), counter.Value, metrics, tells: !endpoint.IsCandidate);
    }
}
