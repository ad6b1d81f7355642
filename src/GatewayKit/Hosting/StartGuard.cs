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
        // Asked once: some of the checks run code of the host.
        var byAcknowledged = Find(StartFacts.Gather(services, endpoints)).ToLookup(finding => IsIn(options.Value.AcknowledgedRisks, finding.Check));
        foreach (var risk in byAcknowledged[true].Select(static finding => finding.Check.Id).Distinct())
        {
            Log.Acknowledged(logger, risk);
        }

        var errors = new List<StartFinding>();
        foreach (var finding in byAcknowledged[false])
        {
            if (finding.Check.Severity is StartSeverity.Error)
            {
                errors.Add(finding);
            }
            else
            {
                Log.Warned(logger, finding.Check.Id, finding.Message);
            }
        }

        return errors;
    }

    public static IReadOnlyList<StartFinding> Find(StartFacts facts, IReadOnlyList<string> acknowledged) =>
        [.. Find(facts).Where(finding => !IsIn(acknowledged, finding.Check))];

    private static IEnumerable<StartFinding> Find(StartFacts facts) =>
        from check in StartChecks.All
        from message in check.Find(facts)
        select new StartFinding(check, $"{message} {Acknowledge(check.Id)}");

    private static bool IsIn(IReadOnlyList<string> acknowledged, StartCheck check) => acknowledged.Contains(check.Id, StringComparer.OrdinalIgnoreCase);

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
