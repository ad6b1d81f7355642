using GatewayKit.Pipeline;

namespace GatewayKit.Rollout.Splits;

/// <summary>
/// Which bucket belongs to whom now. Looked into again once a second by whichever request comes then, if anything can change by itself. Safe for concurrent use.
/// </summary>
internal sealed class SplitSchedule
{
    private readonly SplitSide[] _canaries;
    private readonly CanaryGuard? _guard;

    // Of the stable side and of each canary, if there is a guard.
    private readonly TrafficWindow? _stableTraffic;
    private readonly TrafficWindow[] _canaryTraffic;
    private readonly SplitSides _sides;
    private readonly SplitMetrics _metrics;
    private readonly TimeProvider _time;
    private volatile SplitLayout _layout;
    private long _nextLook;

    public SplitSchedule(SplitSide stable, SplitSide[] canaries, CanaryGuard? guard, SplitSides sides, SplitMetrics metrics, TimeProvider time)
    {
        (_canaries, _sides, _metrics, _time) = (canaries, sides, metrics, time);
        _guard = guard is { Mode: not PolicyMode.Off } ? guard : null;
        (_stableTraffic, _canaryTraffic) = _guard is null ? (null, []) : (stable.TrafficOver(_guard.Window), Array.ConvertAll(canaries, canary => canary.TrafficOver(_guard.Window)));
        _layout = LayOut();
        _nextLook = _guard is not null || Array.Exists(canaries, static canary => canary.HasRamp) ? 0 : long.MaxValue;
    }

    /// <summary>The side of a bucket: 0 for the stable cluster, 1 for the first canary, and so on.</summary>
    public int SideOf(int bucket)
    {
        if (Volatile.Read(ref _nextLook) is not long.MaxValue and var due && _time.GetTimestamp() is var now && now >= due)
        {
            Look(due, now);
        }

        return _layout.SideOf(bucket);
    }

    private void Look(long due, long now)
    {
        if (Interlocked.CompareExchange(ref _nextLook, now + _time.TimestampFrequency, due) != due)
        {
            return;
        }

        // Judged first: what is ended does not go up once more before.
        for (var i = 0; i < _canaries.Length; i++)
        {
            var canary = _canaries[i];
            if (_guard is not null && canary.State is SideState.InForce)
            {
                Judge(canary, _guard, new(_canaryTraffic[i].Read(), _stableTraffic!.Read()));
            }

            if (canary.Advance(out var before))
            {
                _metrics.Ramped(canary, before);
            }
        }

        // Also what another endpoint of the route has changed.
        _layout = LayOut();
    }

    private void Judge(SplitSide canary, CanaryGuard guard, in GuardEvidence evidence)
    {
        var verdict = GuardJudgement.Judge(guard, evidence.Stable, evidence.Canary);
        if (verdict is GuardVerdict.Fine)
        {
            return;
        }

        var before = canary.Buckets;
        if (guard.Mode is PolicyMode.Shadow)
        {
            if (!canary.WasWarned)
            {
                canary.WasWarned = true;
                _metrics.Tripped(canary, guard, verdict, before, evidence);
            }
        }
        else if (canary.End(guard.Action))
        {
            _sides.Hold(canary);
            _metrics.Tripped(canary, guard, verdict, before, evidence);
        }
    }

    private SplitLayout LayOut() => new(Array.ConvertAll(_canaries, static canary => canary.Buckets));
}
