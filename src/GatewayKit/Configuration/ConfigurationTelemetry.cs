using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Routing;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Configuration;

/// <summary>What logs and metrics say about configurations.</summary>
internal sealed partial class ConfigurationTelemetry
{
    private const int MostNames = 10;
    private readonly Counter<long> _reloads;
    private readonly ILogger<GatewayConfigurator> _logger;

    public ConfigurationTelemetry(GatewayMeter meter, CurrentSnapshot current, ILogger<GatewayConfigurator> logger)
    {
        _logger = logger;
        _reloads = meter.Meter.CreateCounter<long>("gatewaykit.configuration.reloads", "{reload}", "Configurations that were applied, unchanged or rejected.");
        meter.Meter.CreateObservableGauge("gatewaykit.configuration.revision", () => current.Value.Revision, "{revision}", "The revision in force.");
    }

    /// <summary>Whether the hash of what is applied is written to the log: computing it takes long enough not to do it for nobody.</summary>
    public bool NamesHash => _logger.IsEnabled(LogLevel.Information);

    public void Applied(ApplyResult result)
    {
        var snapshot = result.Snapshot;
        _reloads.Add(1, new KeyValuePair<string, object?>(TelemetryTags.Outcome, "applied"));
        if (NamesHash)
        {
            Log.Applied(_logger, snapshot.Revision, snapshot.Hash, snapshot.Routes.Count, snapshot.Clusters.Count);
        }

        if (_logger.IsEnabled(LogLevel.Debug))
        {
            Log.Changed(_logger, snapshot.Revision, result.Changes);
        }
    }

    public void Unmapped(IReadOnlyList<string> routes)
    {
        if (routes.Count > 0)
        {
            Log.Unmapped(_logger, routes.Count, string.Join(", ", routes.Take(MostNames)) + (routes.Count > MostNames ? ", …" : string.Empty));
        }
    }

    public void Repeated(RepeatedCatchAlls? catchAlls)
    {
        if (catchAlls is not null)
        {
            Log.Repeated(_logger, catchAlls.CatchAlls, catchAlls.Prefix, catchAlls.Nodes, catchAlls.Product);
        }
    }

    public void Unchanged(GatewaySnapshot snapshot)
    {
        _reloads.Add(1, new KeyValuePair<string, object?>(TelemetryTags.Outcome, "unchanged"));
        Log.Unchanged(_logger, snapshot.Revision);
    }

    /// <summary>What was rejected is as it was before.</summary>
    public void PutRight(GatewaySnapshot snapshot) => Log.PutRight(_logger, snapshot.Revision);

    public void Rejected(GatewaySnapshot inForce, IReadOnlyList<ConfigurationError> errors, Exception? cause)
    {
        _reloads.Add(1, new KeyValuePair<string, object?>(TelemetryTags.Outcome, "rejected"));

        // At start the exception says it all, and the host logs that.
        if (inForce.Revision > 0)
        {
            Log.Rejected(_logger, cause, inForce.Revision, errors.Count, string.Concat(errors.Select(static error => $"{Environment.NewLine}  {error}")));
        }
    }

    /// <param name="section">The path of the section.</param>
    /// <param name="hint">What was probably meant, as a sentence and a space; or nothing.</param>
    public void SectionAbsent(string section, string hint) => Log.SectionAbsent(_logger, section, hint);

    public void SourceFailed(IRouteSource source, Exception exception) => Log.SourceFailed(_logger, exception, source.Name);

    public void ListenerFailed(Exception exception) => Log.ListenerFailed(_logger, exception);

    public void EndpointListenerFailed(GatewaySnapshot inForce, Exception exception) => Log.EndpointListenerFailed(_logger, exception, inForce.Revision);

    public void ReloadFailed(Exception exception) => Log.ReloadFailed(_logger, exception);

    private static partial class Log
    {
        [LoggerMessage(EventIds.ConfigurationApplied, LogLevel.Information, "Configuration {Revision} ({Hash}) is in force. Routes: {Routes}, clusters: {Clusters}.")]
        public static partial void Applied(ILogger logger, long revision, string hash, int routes, int clusters);

        [LoggerMessage(EventIds.ConfigurationChanges, LogLevel.Debug, "Configuration {Revision} changed {Changes}.")]
        public static partial void Changed(ILogger logger, long revision, SnapshotDiff changes);

        [LoggerMessage(EventIds.ConfigurationUnchanged, LogLevel.Debug, "The configuration was read again and says what revision {Revision} says.")]
        public static partial void Unchanged(ILogger logger, long revision);

        [LoggerMessage(EventIds.ConfigurationPutRight, LogLevel.Information, "The configuration is valid again. It says what revision {Revision} says, which is in force.")]
        public static partial void PutRight(ILogger logger, long revision);

        [LoggerMessage(EventIds.ConfigurationRejected, LogLevel.Error, "The configuration was rejected, and revision {Revision} stays in force. Errors: {Count}.{Errors}")]
        public static partial void Rejected(ILogger logger, Exception? cause, long revision, int count, string errors);

        [LoggerMessage(EventIds.RouteSourceFailed, LogLevel.Error, "The route source {Source} could not be read.")]
        public static partial void SourceFailed(ILogger logger, Exception exception, string source);

        [LoggerMessage(EventIds.ConfigurationListenerFailed, LogLevel.Error, "A listener for configurations failed; the configuration is not affected.")]
        public static partial void ListenerFailed(ILogger logger, Exception exception);

        [LoggerMessage(
            EventIds.EndpointListenerFailed,
            LogLevel.Error,
            "Revision {Revision} is in force, but a part of the host that listens to changes of endpoints failed, such as link generation with names that are there twice.")]
        public static partial void EndpointListenerFailed(ILogger logger, Exception exception, long revision);

        [LoggerMessage(
            EventIds.CatchAllsRepeated,
            LogLevel.Warning,
            "{CatchAlls} routes take everything below '{Prefix}/', beside {Nodes} longer paths. Routing repeats each of the former in each of the latter, "
            + "{Product} times, so that building its matcher takes long and much memory. Make routes with the same settings one route with several Hosts or header values, "
            + "or give the catch-alls a segment in front, such as '/a/{{**rest}}'.")]
        public static partial void Repeated(ILogger logger, int catchAlls, string prefix, int nodes, long product);

        [LoggerMessage(
            EventIds.RoutesUnmapped,
            LogLevel.Warning,
            "No request reaches {Count} of the configured routes, because no app.MapGatewayRoutes() maps them: {Routes}.")]
        public static partial void Unmapped(ILogger logger, int count, string routes);

        [LoggerMessage(EventIds.SectionAbsent, LogLevel.Warning, "The configuration has no section '{Section}', so the gateway reads nothing from it. {Hint}It is read as soon as it is there.")]
        public static partial void SectionAbsent(ILogger logger, string section, string hint);

        [LoggerMessage(EventIds.ConfigurationReloadFailed, LogLevel.Error, "A reload failed for a reason that is not in the configuration.")]
        public static partial void ReloadFailed(ILogger logger, Exception exception);
    }
}
