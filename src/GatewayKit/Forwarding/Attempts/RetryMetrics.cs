using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>What retrying tells: how often it was decided, and why not.</summary>
internal sealed partial class RetryMetrics(GatewayMeter meter, ILogger<Forwarder> logger)
{
    private readonly Counter<long> _decisions = meter.Meter.CreateCounter<long>(
        "gatewaykit.retry.decisions", "{decision}", "Failed attempts by what followed: another attempt, or the first reason against one.");

    public void Decided(in ForwardCall call, in AttemptResult result, RetryDecision decision, bool isShadow)
    {
        var outcome = NameOf(decision, isShadow);
        if (_decisions.Enabled)
        {
            _decisions.Add(1, new(TelemetryTags.Cluster, call.Cluster.Cluster.Id), new KeyValuePair<string, object?>(TelemetryTags.Outcome, outcome));
        }

        if (logger.IsEnabled(LogLevel.Debug))
        {
            Log.Decided(logger, call.Cluster.Cluster.Id, result.DestinationId, result.Error, (int?)result.Answer?.StatusCode, outcome, TraceIdentifiers.Of(call.HttpContext));
        }
    }

    public static string NameOf(RetryDecision decision, bool isShadow = false) => decision switch
    {
        RetryDecision.Retry => isShadow ? "would-retry" : "retried",
        RetryDecision.AttemptsUsed => "attempts-used",
        RetryDecision.NotRetryable => "not-retryable",
        RetryDecision.NotSafe => "not-safe",
        RetryDecision.BodyGone => "body-gone",
        RetryDecision.ClientGone => "client-gone",
        RetryDecision.Stream => "stream",
        RetryDecision.TooLate => "too-late",
        RetryDecision.NoDestination => "no-destination",
        RetryDecision.LeftToGateway => "left-to-gateway",
        RetryDecision.Draining => "draining",
        RetryDecision.BudgetSpent => "budget-spent",
        _ => "not-needed",
    };

    private static partial class Log
    {
        [LoggerMessage(EventIds.RetryDecided, LogLevel.Debug, "Cluster {Cluster}: after {Destination} ({Error}, status {Status}): {Decision}. Trace {TraceId}.")]
        public static partial void Decided(ILogger logger, string cluster, string? destination, ForwardError error, int? status, string decision, string traceId);
    }
}
