using GatewayKit.Pipeline;
using GatewayKit.Throttling.Concurrency;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Replay;

/// <summary>Counts what one limit of one route decides.</summary>
internal sealed class PolicyTally(GatewayPipelineStep step, string settings)
{
    private readonly ThrottlePartition? _partition = step.Policy switch
    {
        ThrottlePolicy throttle => throttle.Partition,
        ConcurrencyPolicy concurrency => concurrency.Partition,
        QuotaPolicy quota => quota.Partition,
        PlanPolicy => ThrottlePartition.Subscription,
        _ => null,
    };

    private readonly KeyTally _keys = new();
    private readonly SortedDictionary<string, long> _reasons = new(StringComparer.Ordinal);
    private long _allowed, _refused, _wouldRefuse;
    private ReplayOutcomes? _candidate;

    /// <summary>Whether it limits anything.</summary>
    public bool IsOfLimit => step.Policy is not RecordedCallerPolicy;

    public void Note(in PolicyDecision decision, HttpContext httpContext, DateTimeOffset time)
    {
        var isRefused = decision.Outcome is not PolicyOutcome.Allowed;
        if (!isRefused)
        {
            _allowed++;
        }
        else
        {
            _ = decision.Outcome is PolicyOutcome.Refused ? _refused++ : _wouldRefuse++;
            var reason = decision.Reason?.Code ?? "(other)";
            _reasons[reason] = _reasons.GetValueOrDefault(reason) + 1;
        }

        if (decision.Candidate is { } candidate)
        {
            _candidate = (_candidate ?? default).With(isRefused, candidate is not PolicyOutcome.Allowed);
        }

        // Who was never refused is not remembered.
        if (_partition is not null && (isRefused || _keys.Count > 0))
        {
            _keys.Note(PartitionText.Of(_partition, httpContext), isRefused, time);
        }
    }

    public ReplayPolicyReport Report(int topKeys, Func<string, string> nameKey) => new()
    {
        Policy = step.Name,
        Name = NameOf(step.Policy) ?? step.Name,
        Settings = settings,
        Mode = step.Policy.Mode,
        EnforcePercent = step.Policy.EnforcePercent,
        Seen = _allowed + _refused + _wouldRefuse,
        Allowed = _allowed,
        Refused = _refused,
        WouldRefuse = _wouldRefuse,
        Reasons = [.. _reasons.Select(static entry => new ReplayReason(entry.Key, entry.Value))],
        Candidate = _candidate,
        RefusedKeys = _keys.Count,
        Keys = _keys.Top(topKeys, nameKey),
        KeysMayLack = _keys.MayLack,
    };

    private static string? NameOf(IGatewayPolicy policy) => policy switch
    {
        ThrottlePolicy throttle => throttle.EffectiveName,
        ConcurrencyPolicy concurrency => concurrency.EffectiveName,
        QuotaPolicy quota => quota.EffectiveName,
        _ => null,
    };
}
