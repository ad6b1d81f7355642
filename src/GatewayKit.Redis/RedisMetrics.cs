using System.Diagnostics.Metrics;

namespace GatewayKit.Redis;

/// <summary>What the connection tells of itself, on the meter of the gateway.</summary>
internal sealed class RedisMetrics
{
    private const string StateTag = "gatewaykit.redis.state";
    private const string StepTag = "gatewaykit.redis.step";
    private const string OutcomeTag = "gatewaykit.outcome";

    private readonly Counter<long> _changes;
    private readonly Counter<long> _unsent;
    private readonly Histogram<double> _duration;

    public RedisMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("GatewayKit");
        _changes = meter.CreateCounter<long>("gatewaykit.redis.changes", "{change}", "Changes between requests that wait for Redis (up) and requests that do without (down).");
        _unsent = meter.CreateCounter<long>("gatewaykit.redis.unsent", "{step}", "Steps that were not sent because Redis was known to be away.");
        _duration = meter.CreateHistogram<double>("gatewaykit.redis.duration", "s", "How long steps in Redis took that were sent.");
    }

    public void Changed(bool isUp) => _changes.Add(1, new KeyValuePair<string, object?>(StateTag, isUp ? "up" : "down"));

    public void Unsent(string step) => _unsent.Add(1, new KeyValuePair<string, object?>(StepTag, step));

    public void Sent(string step, string outcome, TimeSpan duration) => _duration.Record(duration.TotalSeconds, new(StepTag, step), new(OutcomeTag, outcome));
}
