using System.Diagnostics;
using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Pipeline;

/// <summary>Counts and logs what policies refuse, or would refuse. What they let through is the request count less these.</summary>
internal sealed partial class PipelineMetrics(GatewayMeter meter, ILogger<PipelineMetrics> logger)
{
    private readonly Counter<long> _refusals = meter.Meter.CreateCounter<long>(
        "gatewaykit.policy.refusals", "{request}", "Requests that a policy refused, or would have refused in shadow mode.");

    private readonly Counter<long> _candidates = meter.Meter.CreateCounter<long>(
        "gatewaykit.policy.candidates", "{request}", "Requests that a policy and its candidate decided on, by what each of them decided.");

    public void Decided(GatewayContext context, GatewayPipelineStep step, PolicyOutcome outcome, RejectionReason? reason, string? cause = null) =>
        Decided(context, step.Name, outcome, reason, cause);

    public void Decided(GatewayContext context, string policy, PolicyOutcome outcome, RejectionReason? reason, string? cause = null)
    {
        var code = reason?.Code ?? "none";
        if (_refusals.Enabled)
        {
            var tags = new TagList
            {
                { TelemetryTags.Route, context.Endpoint.RouteId },
                { TelemetryTags.Policy, policy },
                { TelemetryTags.Outcome, outcome is PolicyOutcome.WouldRefuse ? "would-refuse" : "refused" },
                { TelemetryTags.Reason, code },
            };
            if (cause is not null)
            {
                tags.Add(TelemetryTags.Cause, cause);
            }

            _refusals.Add(1, tags);
        }

        if (cause is not null && logger.IsEnabled(LogLevel.Debug))
        {
            code = $"{code} ({cause})";
        }

        if (outcome is PolicyOutcome.WouldRefuse)
        {
            Log.WouldRefuse(logger, policy, context.Endpoint.RouteId, code);
        }
        else
        {
            Log.Refused(logger, policy, context.Endpoint.RouteId, code);
        }
    }

    public void Compared(GatewayContext context, GatewayPipelineStep step, bool liveRefuses, bool candidateRefuses)
    {
        var (live, candidate) = (NameOf(liveRefuses), NameOf(candidateRefuses));
        if (_candidates.Enabled)
        {
            _candidates.Add(
                1,
                new(TelemetryTags.Route, context.Endpoint.RouteId),
                new(TelemetryTags.Policy, step.Name),
                new(TelemetryTags.Live, live),
                new(TelemetryTags.Candidate, candidate));
        }

        if (liveRefuses != candidateRefuses)
        {
            Log.CandidateDiffers(logger, step.Name, context.Endpoint.RouteId, live, candidate);
        }

        static string NameOf(bool refuses) => refuses ? "refused" : "allowed";
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.CandidateDiffers, LogLevel.Debug, "{Policy} and its candidate differ about a request on {Route}: live {Live}, candidate {Candidate}.", EventName = "candidate-differs")]
        public static partial void CandidateDiffers(ILogger logger, string policy, string route, string live, string candidate);

        [LoggerMessage(EventIds.RequestRefused, LogLevel.Debug, "{Policy} refused a request on {Route}: {Reason}.")]
        public static partial void Refused(ILogger logger, string policy, string route, string reason);

        [LoggerMessage(EventIds.RequestWouldBeRefused, LogLevel.Debug, "{Policy} would have refused a request on {Route}: {Reason}.")]
        public static partial void WouldRefuse(ILogger logger, string policy, string route, string reason);
    }
}
