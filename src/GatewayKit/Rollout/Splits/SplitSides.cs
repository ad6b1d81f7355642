using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Rollout.Splits;

/// <summary>
/// Finds the state of a side: the same one each time its endpoint is built (A7). It holds sides weakly and endpoints hold them firmly, so that one goes
/// with the last snapshot that uses it. One that a guard has ended is held, so that a route that goes and comes back is no fresh attempt.
/// </summary>
internal sealed class SplitSides
{
    // What a guard has ended is a rare event that somebody looks into: this many are years of it.
    private const int MostEnded = 1_024;

    private const int FirstSweep = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<Identity, WeakReference<SplitSide>> _known = [];
    private readonly Queue<SplitSide> _ended = new();
    private readonly TimeProvider _time;
    private int _sweepAt = FirstSweep;

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
        lock (_lock)
        {
            if (_known.TryGetValue(identity, out var reference) && reference.TryGetTarget(out var known))
            {
                return known;
            }

            var side = new SplitSide(routeId, clusterId, share, _time);
            _known[identity] = new(side);
            if (_known.Count > _sweepAt)
            {
                Sweep();
            }

            return side;
        }
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
        Alive().Where(static side => !side.IsStable).Select(static side => new Measurement<double>(side.Buckets / 100d, Tags(side)));

    private IEnumerable<Measurement<long>> Keys() => Alive().Select(static side => new Measurement<long>(side.Keys.Count, Tags(side)));

    private static KeyValuePair<string, object?>[] Tags(SplitSide side) => [new(TelemetryTags.Route, side.RouteId), new(TelemetryTags.Cluster, side.ClusterId)];

    private List<SplitSide> Alive()
    {
        lock (_lock)
        {
            var alive = new List<SplitSide>(_known.Count);
            foreach (var reference in _known.Values)
            {
                if (reference.TryGetTarget(out var side))
                {
                    alive.Add(side);
                }
            }

            return alive;
        }
    }

    private void Sweep()
    {
        foreach (var (identity, reference) in _known)
        {
            if (!reference.TryGetTarget(out _))
            {
                _known.Remove(identity);
            }
        }

        _sweepAt = Math.Max(FirstSweep, 2 * _known.Count);
    }

    private readonly record struct Identity(string Route, string Stable, string Cluster, CanaryShare? Share);
}
