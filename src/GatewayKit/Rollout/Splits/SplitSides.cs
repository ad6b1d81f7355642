using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;

namespace GatewayKit.Rollout.Splits;

/// <summary>Finds the state of a side. One that a guard has ended is held, so that a route that goes and comes back is no fresh attempt.</summary>
internal sealed class SplitSides
{
    // What a guard has ended is a rare event that somebody looks into: this many are years of it.
    private const int MostEnded = 1_024;

    private readonly Lock _lock = new();
    private readonly WeakMap<Identity, SplitSide> _known = new();
    private readonly Queue<SplitSide> _ended = new();
    private readonly TimeProvider _time;

    public SplitSides(GatewayMeter meter, TimeProvider time)
    {
        _time = time;
        meter.Meter.CreateObservableGauge(
            "gatewaykit.split.share", Shares, "%", "The share of the keys that a canary has now.");
        meter.Meter.CreateObservableGauge(
            "gatewaykit.split.keys", Keys, "{key}", "How many different keys a side had in the last ten to twenty minutes, to about 3 %.");
    }

    public SplitSide For(string routeId, string stable, string clusterId, CanaryShare? share)
    {
        var identity = new Identity(routeId.ToUpperInvariant(), stable.ToUpperInvariant(), clusterId.ToUpperInvariant(), share);
        return _known.GetOrAdd(identity, () => new(routeId, clusterId, share, _time));
    }

    /// <summary>Remembers a side that a guard has ended.</summary>
    public void Hold(SplitSide side)
    {
        lock (_lock)
        {
            _ended.Enqueue(side);
            if (_ended.Count > MostEnded)
            {
                _ended.Dequeue();
            }
        }
    }

    private IEnumerable<Measurement<double>> Shares() =>
        _known.InUse.Where(static side => !side.IsStable).Select(static side => new Measurement<double>(side.Buckets / 100d, Tags(side)));

    private IEnumerable<Measurement<long>> Keys() => _known.InUse.Select(static side => new Measurement<long>(side.Keys.Count, Tags(side)));

    private static KeyValuePair<string, object?>[] Tags(SplitSide side) => [new(TelemetryTags.Route, side.RouteId), new(TelemetryTags.Cluster, side.ClusterId)];

    private readonly record struct Identity(string Route, string Stable, string Cluster, CanaryShare? Share);
}
