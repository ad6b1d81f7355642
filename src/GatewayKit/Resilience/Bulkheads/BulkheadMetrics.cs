using System.Diagnostics;
using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>What bulkheads hold, and how long requests waited. Refusals at endpoints are counted by the pipeline, as for every policy.</summary>
internal sealed class BulkheadMetrics
{
    /// <summary>The tag for the name of a bulkhead: a route, or a name from configuration.</summary>
    public const string BulkheadTag = "gatewaykit.bulkhead";

    /// <summary>The tag for what is counted: <c>request</c> or <c>stream</c>.</summary>
    public const string KindTag = "gatewaykit.kind";

    // Of requests whose class has no share.
    private const string Unknown = "unknown";

    private readonly Bulkheads _bulkheads;
    private readonly Histogram<double> _wait;
    private readonly Counter<long> _refused;

    public BulkheadMetrics(GatewayMeter meter, Bulkheads bulkheads)
    {
        _bulkheads = bulkheads;
        _wait = meter.Meter.CreateHistogram<double>("gatewaykit.bulkhead.wait", "s", "How long requests waited for a place, whether they got one or not.");
        _refused = meter.Meter.CreateCounter<long>("gatewaykit.bulkhead.refused", "{request}", "Requests that found no place at a cluster, or would not have.");
        meter.Meter.CreateObservableUpDownCounter("gatewaykit.bulkhead.in_flight", Taken, "{request}", "Requests and streams that hold a place.");
        meter.Meter.CreateObservableUpDownCounter("gatewaykit.bulkhead.waiting", Waiting, "{request}", "Requests that wait for a place.");
        meter.Meter.CreateObservableGauge("gatewaykit.bulkhead.limit", Limits, "{request}", "Places for requests, where their number adapts.");
        meter.Meter.CreateObservableCounter("gatewaykit.bulkhead.samples", Samples, "{sample}", "Requests that the number of places was adapted by.");
    }

    public void Waited(Bulkhead bulkhead, TimeSpan time) => _wait.Record(time.TotalSeconds, NameOf(bulkhead));

    public void Refused(Bulkhead bulkhead, PlaceShare? share, bool isStream, bool isShadow, string? cause = null)
    {
        var tags = new TagList { NameOf(bulkhead), new(KindTag, isStream ? "stream" : "request"), new(TelemetryTags.Outcome, isShadow ? "would_refuse" : "refused") };
        if (share is not null)
        {
            tags.Add(TelemetryTags.Priority, share.Class.Name ?? Unknown);
        }

        if (cause is not null)
        {
            tags.Add(TelemetryTags.Cause, cause);
        }

        _refused.Add(1, tags);
    }

    private static KeyValuePair<string, object?> NameOf(Bulkhead bulkhead) => new(bulkhead.IsCluster ? TelemetryTags.Cluster : BulkheadTag, bulkhead.Name);

    private IEnumerable<Measurement<int>> Taken()
    {
        foreach (var bulkhead in _bulkheads.InUse)
        {
            // Read one after the other while requests come and go: the rest may be off by those.
            var rest = bulkhead.Requests.Taken;
            var classes = bulkhead.Requests.Classes;
            foreach (var one in classes)
            {
                var taken = one.Taken;
                rest -= taken;
                yield return new(taken, NameOf(bulkhead), new(KindTag, "request"), new(TelemetryTags.Priority, one.Name));
            }

            yield return classes.Count == 0 ? new(rest, NameOf(bulkhead), new(KindTag, "request"))
                : new(Math.Max(0, rest), NameOf(bulkhead), new(KindTag, "request"), new(TelemetryTags.Priority, Unknown));
            yield return new(bulkhead.Streams.Taken, NameOf(bulkhead), new(KindTag, "stream"));
        }
    }

    private IEnumerable<Measurement<int>> Limits()
    {
        foreach (var bulkhead in _bulkheads.InUse)
        {
            if (bulkhead.Estimator is { } estimator)
            {
                yield return new(estimator.Limit, NameOf(bulkhead));
            }
        }
    }

    private IEnumerable<Measurement<long>> Samples()
    {
        foreach (var bulkhead in _bulkheads.InUse)
        {
            if (bulkhead.Estimator is { } estimator)
            {
                yield return new(estimator.Answered, NameOf(bulkhead), new(TelemetryTags.Outcome, "answered"));
                yield return new(estimator.Dropped, NameOf(bulkhead), new(TelemetryTags.Outcome, "dropped"));
            }
        }
    }

    private IEnumerable<Measurement<int>> Waiting() => _bulkheads.InUse.Select(static bulkhead => new Measurement<int>(bulkhead.Requests.Waiting, NameOf(bulkhead)));
}
