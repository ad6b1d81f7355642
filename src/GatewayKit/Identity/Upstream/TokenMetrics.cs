using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Identity.OwnCalls;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Identity.Upstream;

/// <summary>Tells of tokens that were fetched, could not be, or were not taken; never of one what it is.</summary>
internal sealed partial class TokenMetrics(GatewayMeter meter, TimeProvider time, ILogger<TokenMetrics> logger)
{
    private readonly Histogram<double> _fetches = meter.Meter.CreateHistogram<double>(
        "gatewaykit.token.duration", "s", "How long authorization servers take to give a token or not to.");

    private readonly Counter<long> _rejections = meter.Meter.CreateCounter<long>(
        "gatewaykit.token.rejections", "{request}", "Requests that a destination answered 401 in spite of a fetched token.");

    private readonly LogPace _pace = new(), _rejectionPace = new();

    /// <param name="grant">The grant: <c>client_credentials</c> or <c>token-exchange</c>.</param>
    /// <param name="server">The host of the token endpoint.</param>
    /// <param name="failure">What came of it.</param>
    /// <param name="took">How long it took.</param>
    public void Fetched(string grant, string server, CallFailure failure, TimeSpan took)
    {
        _fetches.Record(took.TotalSeconds, new(TelemetryTags.Grant, grant), new(TelemetryTags.Outcome, CallFailures.NameOf(failure)));

        // What a caller sends is no failure of anything here.
        if (failure is not (CallFailure.None or CallFailure.SubjectRefused) && _pace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
        {
            Log.Failed(logger, grant, server, CallFailures.NameOf(failure));
        }
    }

    /// <param name="grant">The grant.</param>
    /// <param name="server">The host of the token endpoint.</param>
    public void Recovered(string grant, string server) => Log.Recovered(logger, grant, server);

    /// <param name="route">The endpoint.</param>
    /// <param name="outcome"><c>retried</c>, <c>dropped</c> or <c>kept</c>.</param>
    public void Rejected(string route, string outcome)
    {
        _rejections.Add(1, new(TelemetryTags.Route, route), new(TelemetryTags.Outcome, outcome));
        if (_rejectionPace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
        {
            Log.Rejected(logger, route, outcome);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.TokenFailed, LogLevel.Warning, "There is no token by {Grant} from {Server}: {Cause}. Requests that need one are refused with auth-unavailable. Told once a minute at most.")]
        public static partial void Failed(ILogger logger, string grant, string server, string cause);

        [LoggerMessage(EventIds.TokenRecovered, LogLevel.Information, "There are tokens by {Grant} from {Server} again.")]
        public static partial void Recovered(ILogger logger, string grant, string server);

        [LoggerMessage(EventIds.TokenRejected, LogLevel.Warning, "The destination of {Route} answered 401 to a token that was fetched for it: {Outcome}. Told once a minute at most.")]
        public static partial void Rejected(ILogger logger, string route, string outcome);
    }
}
