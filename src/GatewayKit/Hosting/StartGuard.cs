using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Hosting;

/// <summary>Looks at the host before it listens. Warnings are logged, errors stop the start; an acknowledged risk is one quiet line.</summary>
internal sealed partial class StartGuard(IServiceProvider services, IOptions<GatewayOptions> options, ILogger<StartGuard> logger)
{
    /// <summary>Logs the warnings.</summary>
    /// <returns>The errors.</returns>
    public IReadOnlyList<StartFinding> Check(IEnumerable<Endpoint> endpoints)
    {
        var facts = StartFacts.Gather(services, endpoints);
        var acknowledged = options.Value.AcknowledgedRisks;
        foreach (var risk in Find(facts, []).Select(static finding => finding.Check.Id).Distinct().Where(id => acknowledged.Contains(id, StringComparer.OrdinalIgnoreCase)))
        {
            Log.Acknowledged(logger, risk);
        }

        var findings = Find(facts, acknowledged);
        foreach (var warning in findings.Where(static finding => finding.Check.Severity is StartSeverity.Warning))
        {
            Log.Warned(logger, warning.Check.Id, warning.Message);
        }

        return [.. findings.Where(static finding => finding.Check.Severity is StartSeverity.Error)];
    }

    public static IReadOnlyList<StartFinding> Find(StartFacts facts, IReadOnlyList<string> acknowledged) =>
    [
        .. from check in StartChecks.All
           where !acknowledged.Contains(check.Id, StringComparer.OrdinalIgnoreCase)
           from message in check.Find(facts)
           select new StartFinding(check, $"{message} {Acknowledge(check.Id)}")
    ];

    /// <summary>How to start all the same.</summary>
    public static string Acknowledge(string id) => $"If it has to be so, add \"{id}\" to {nameof(GatewayOptions.AcknowledgedRisks)}.";

    private static partial class Log
    {
        [LoggerMessage(EventIds.UnsafeHost, LogLevel.Warning, "Unsafe ({Risk}): {Finding}")]
        public static partial void Warned(ILogger logger, string risk, string finding);

        [LoggerMessage(EventIds.RiskAcknowledged, LogLevel.Information, "Acknowledged: {Risk} is there and meant.")]
        public static partial void Acknowledged(ILogger logger, string risk);
    }
}
