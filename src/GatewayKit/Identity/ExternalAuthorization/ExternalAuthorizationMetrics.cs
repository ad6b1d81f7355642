using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Tells of questions to services and what came of them; never of what was in them.</summary>
internal sealed partial class ExternalAuthorizationMetrics(GatewayMeter meter, IdentityMetrics checks, TimeProvider time, ILogger<ExternalAuthorizationMetrics> logger)
{
    /// <summary>What checks are counted as.</summary>
    public const string Method = "external-authorization";

    private readonly Histogram<double> _asked = meter.Meter.CreateHistogram<double>(
        "gatewaykit.external_authorization.duration", "s", "How long services take to say whether a request may pass.");

    private readonly LogPace _failurePace = new(), _loopPace = new();

    /// <summary>A service was asked.</summary>
    /// <param name="service">Its host and port.</param>
    /// <param name="answer">What came of it.</param>
    /// <param name="took">How long it took.</param>
    public void Asked(string service, AuthorizationAnswer answer, TimeSpan took)
    {
        _asked.Record(took.TotalSeconds, new KeyValuePair<string, object?>(TelemetryTags.Outcome, answer.Outcome));
        if (answer.Verdict is AuthorizationVerdict.Unavailable && IsDue(_failurePace))
        {
            Log.Failed(logger, service, answer.Outcome, answer.Status);
        }
    }

    /// <summary>A request was checked.</summary>
    /// <param name="outcome"><c>accepted</c>, <c>refused</c> or <c>absent</c>.</param>
    /// <param name="reason">Why.</param>
    public void Checked(string outcome, string reason) => checks.Checked(Method, outcome, reason);

    /// <summary>Counts what a check came to, and returns it.</summary>
    public AuthenticationOutcome Count(AuthenticationOutcome outcome) => checks.Count(Method, outcome);

    /// <summary>A question of the gateway's own came back to it.</summary>
    public void Looped(string route)
    {
        if (IsDue(_loopPace))
        {
            Log.Looped(logger, route);
        }
    }

    private bool IsDue(LogPace pace) => pace.IsDue(time.GetTimestamp(), time.TimestampFrequency);

    private static partial class Log
    {
        [LoggerMessage(EventIds.ExternalAuthorizationFailed, LogLevel.Error, "The authorization service at {Service} did not decide: {Cause} (status {Status}). Requests are refused with auth-unavailable. Told once a minute at most.")]
        public static partial void Failed(ILogger logger, string service, string cause, int status);

        [LoggerMessage(EventIds.ExternalAuthorizationLoops, LogLevel.Error, "{Route} got a question to an authorization service that this gateway itself asks, and asks one too. Take external authorization off the endpoints that lead to the service. Told once a minute at most.")]
        public static partial void Looped(ILogger logger, string route);
    }
}
