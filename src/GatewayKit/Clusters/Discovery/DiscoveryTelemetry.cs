using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Clusters.Discovery;

/// <summary>What discovery tells: answers, changes, failures.</summary>
internal sealed partial class DiscoveryTelemetry(GatewayMeter meter, ILogger<DiscoveryTelemetry> logger)
{
    private readonly Counter<long> _answers = meter.Meter.CreateCounter<long>(
        "gatewaykit.discovery.answers", "{answer}", "Answers of destination sources: changed, unchanged, failed.");

    private readonly Counter<long> _changes = meter.Meter.CreateCounter<long>(
        "gatewaykit.discovery.changes", "{destination}", "Destinations that discovery added and removed.");

    private readonly UpDownCounter<long> _destinations = meter.Meter.CreateUpDownCounter<long>(
        "gatewaykit.discovery.destinations", "{destination}", "Destinations that are found now.");

    public void Answered(string cluster, string outcome) => _answers.Add(1, new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Outcome, outcome));

    public void Changed(string cluster, ClusterDiscovery settings, ValueMap<Destination> before, ValueMap<Destination> after)
    {
        var added = Others(after, before);
        var removed = Others(before, after);
        Count(cluster, "added", added.Length);
        Count(cluster, "removed", removed.Length);
        _destinations.Add(after.Count - before.Count, new KeyValuePair<string, object?>(TelemetryTags.Cluster, cluster));
        if (logger.IsEnabled(LogLevel.Information))
        {
            Log.Changed(logger, cluster, settings.Source, settings.Name, after.Count, List(added), List(removed));
        }
    }

    public void Ended(string cluster, int count) => _destinations.Add(-count, new KeyValuePair<string, object?>(TelemetryTags.Cluster, cluster));

    public void Failed(string cluster, ClusterDiscovery settings, int inARow, int left, Exception exception)
    {
        Answered(cluster, "failed");

        // Once for a spell of failures; the counter has them all.
        if (inARow == 1)
        {
            Log.Failed(logger, exception, cluster, settings.Source, settings.Name, left, settings.KeepLastGood);
        }
        else
        {
            Log.FailedAgain(logger, exception, cluster, inARow);
        }
    }

    public void Recovered(string cluster, ClusterDiscovery settings, int failures) => Log.Recovered(logger, cluster, settings.Source, settings.Name, failures);

    public void Lost(string cluster, ClusterDiscovery settings) => Log.Lost(logger, cluster, settings.Source, settings.Name, settings.KeepLastGood);

    public void Refused(string cluster, string destination, string fault) => Log.Refused(logger, cluster, destination, fault);

    public void Unanswered(string cluster, ClusterDiscovery settings) => Log.Unanswered(logger, cluster, settings.Source, settings.Name, settings.StartTimeout);

    public void NotFollowed(string cluster, Exception exception) => Log.NotFollowed(logger, exception, cluster);

    private void Count(string cluster, string outcome, int count)
    {
        if (count > 0)
        {
            _changes.Add(count, new(TelemetryTags.Cluster, cluster), new(TelemetryTags.Outcome, outcome));
        }
    }

    private static string[] Others(ValueMap<Destination> of, ValueMap<Destination> than) =>
        [.. of.Where(entry => !than.TryGetValue(entry.Key, out var other) || other != entry.Value).Select(static entry => entry.Key)];

    // A registry may move thousands at once: a line of the log stays a line.
    private static string List(string[] ids) => ids.Length switch
    {
        0 => "none",
        <= 20 => string.Join(", ", ids),
        _ => $"{string.Join(", ", ids.Take(20))} and {ids.Length - 20} more",
    };

    private static partial class Log
    {
        [LoggerMessage(EventIds.DestinationsChanged, LogLevel.Information, "Cluster {Cluster}: {Source} finds {Count} destinations for {Name}; added {Added}, removed {Removed}.")]
        public static partial void Changed(ILogger logger, string cluster, string source, string name, int count, string added, string removed);

        [LoggerMessage(EventIds.DiscoveryFailed, LogLevel.Warning, "Cluster {Cluster}: {Source} does not find {Name}. The {Left} destinations found before serve for {KeepLastGood} more; it is asked again.")]
        public static partial void Failed(ILogger logger, Exception exception, string cluster, string source, string name, int left, TimeSpan keepLastGood);

        [LoggerMessage(EventIds.DiscoveryFailedAgain, LogLevel.Debug, "Cluster {Cluster}: discovery failed {Count} times in a row.")]
        public static partial void FailedAgain(ILogger logger, Exception exception, string cluster, int count);

        [LoggerMessage(EventIds.DiscoveryRecovered, LogLevel.Information, "Cluster {Cluster}: {Source} finds {Name} again after {Failures} failures.")]
        public static partial void Recovered(ILogger logger, string cluster, string source, string name, int failures);

        [LoggerMessage(EventIds.DestinationsLost, LogLevel.Error, "Cluster {Cluster}: {Source} has not found {Name} for {KeepLastGood}. What it found before serves no more.")]
        public static partial void Lost(ILogger logger, string cluster, string source, string name, TimeSpan keepLastGood);

        [LoggerMessage(EventIds.DiscoveredDestinationRefused, LogLevel.Warning, "Cluster {Cluster}: destination {Destination} was found and cannot be used. {Fault}")]
        public static partial void Refused(ILogger logger, string cluster, string destination, string fault);

        [LoggerMessage(EventIds.DiscoveryNotFollowed, LogLevel.Error, "Cluster {Cluster} could not take over all that was found. It is tried again with the next answer; until then this is not said again.")]
        public static partial void NotFollowed(ILogger logger, Exception exception, string cluster);

        [LoggerMessage(EventIds.DiscoveryUnanswered, LogLevel.Warning, "Cluster {Cluster}: {Source} has not answered for {Name} within {StartTimeout}. The cluster starts without its destinations; it is asked again.")]
        public static partial void Unanswered(ILogger logger, string cluster, string source, string name, TimeSpan startTimeout);
    }
}
