using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Resilience.Shedding;

/// <summary>Tells the level of load, its changes, and the signals behind it. What is refused is counted by the pipeline, as for every policy.</summary>
internal sealed class LoadMetrics
{
    public const string WorkItems = "work-items";
    public const string Memory = "memory";
    public const string GcPause = "gc-pause";
    public const string Cpu = "cpu";

    /// <summary>No signal: nobody looks at any.</summary>
    public const string Unwatched = "none";

    private const string SignalTag = "gatewaykit.signal";
    private const string LevelTag = "gatewaykit.level";

    private readonly ConcurrentDictionary<string, double> _signals = new();
    private readonly Counter<long> _changes;
    private Func<LoadLevel>? _level;

    public LoadMetrics(GatewayMeter meter)
    {
        _changes = meter.Meter.CreateCounter<long>("gatewaykit.load.changes", "{change}", "Changes of the level of load, by the new level and the signal that was highest.");
        meter.Meter.CreateObservableGauge("gatewaykit.load.level", Levels, "{level}", "How loaded the process is: 0 normal, 1 closes connections, 2 shrinks queues, 3 sheds the lowest class, 4 all but the highest, 5 all.");
        meter.Meter.CreateObservableGauge("gatewaykit.load.signal", Signals, "1", "Signals of load, as shares of their limits.");
    }

    /// <summary>From now on there is a level to tell.</summary>
    public void Watch(Func<LoadLevel> level) => _level = level;

    /// <summary>Nobody looks any more: old readings are none.</summary>
    public void Forget() => _signals.Clear();

    public void Read(string signal, double share) => _signals[signal] = share;

    public void Changed(LoadLevel from, LoadLevel to, string signal) =>
        _changes.Add(1, new(LevelTag, NameOf(to)), new(SignalTag, signal), new(TelemetryTags.Direction, to > from ? "up" : "down"));

    // The case of codes, like all others in metrics.
    private static string NameOf(LoadLevel level) => level switch
    {
        LoadLevel.Normal => "normal",
        LoadLevel.CloseConnections => "close-connections",
        LoadLevel.ShrinkQueues => "shrink-queues",
        LoadLevel.ShedLowest => "shed-lowest",
        LoadLevel.ShedAllButHighest => "shed-all-but-highest",
        _ => "shed-all",
    };

    private IEnumerable<Measurement<int>> Levels() => _level is { } level ? [new((int)level())] : [];

    private IEnumerable<Measurement<double>> Signals() => _signals.Select(static signal => new Measurement<double>(signal.Value, new KeyValuePair<string, object?>(SignalTag, signal.Key)));
}
