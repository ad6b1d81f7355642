using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Identity.OwnCalls;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Identity.Introspection;

/// <summary>Tells of questions about tokens; never of a token what it is.</summary>
internal sealed partial class IntrospectionMetrics(GatewayMeter meter, TimeProvider time, ILogger<IntrospectionMetrics> logger)
{
    /// <summary>The tag for the name of a server.</summary>
    public const string ServerTag = "gatewaykit.introspection.server";

    private readonly Histogram<double> _questions = meter.Meter.CreateHistogram<double>(
        "gatewaykit.introspection.duration", "s", "How long authorization servers take to say what a token is, or not to.");

    /// <param name="terms">Which server.</param>
    /// <param name="failure">What came of it.</param>
    /// <param name="took">How long it took.</param>
    /// <param name="told">What the log has been told of that server.</param>
    public void Asked(IntrospectionPolicy terms, CallFailure failure, TimeSpan took, IntrospectionLogState told)
    {
        _questions.Record(took.TotalSeconds, new(ServerTag, terms.Name), new(TelemetryTags.Outcome, CallFailures.NameOf(failure)));
        if (failure is CallFailure.None)
        {
            if (told.HasRecovered())
            {
                Log.Recovered(logger, terms.Name);
            }
        }
        else if (told.IsDue(time))
        {
            Log.Failed(logger, terms.Name, terms.Endpoint.Authority, CallFailures.NameOf(failure), RemedyOf(failure));
        }
    }

    private static string RemedyOf(CallFailure failure) => failure switch
    {
        CallFailure.Unreachable => "Check that Endpoint is right and can be reached from here, and that its certificate is trusted.",
        CallFailure.Timeout => "The server takes longer than Timeout.",
        CallFailure.CircuitOpen => "It failed too often lately, and is left alone for 5 s.",
        CallFailure.ServerError => "Look at the server's own log.",
        CallFailure.Refused => "It refuses the gateway: check Endpoint, ClientId, ClientSecret and ClientAuthentication, and that this client may introspect tokens.",
        CallFailure.Malformed => "Its answer is not what RFC 7662 §2.2 says, as JSON with status 200: check that Endpoint is its introspection endpoint.",
        CallFailure.TooLarge => "Its answer has more than 64 KiB.",
        CallFailure.NoSecret => "ClientSecret cannot be read, or cannot sign.",
        _ => "More than 100 questions wait for its answers: it is too slow for what comes, or somebody sends tokens that nobody issued.",
    };

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.IntrospectionFailed,
            LogLevel.Error,
            "The authorization server {Server} at {Address} cannot say what tokens are: {Cause}. {Remedy} Requests with tokens that are not known are refused with auth-unavailable. Told once a minute at most.")]
        public static partial void Failed(ILogger logger, string server, string address, string cause, string remedy);

        [LoggerMessage(EventIds.IntrospectionRecovered, LogLevel.Information, "The authorization server {Server} says what tokens are again.")]
        public static partial void Recovered(ILogger logger, string server);
    }
}

/// <summary>What the log has been told of one server. Safe for concurrent use.</summary>
internal sealed class IntrospectionLogState
{
    private readonly LogPace _pace = new();
    private int _isToldOfFailure;

    /// <summary>Whether a failure is to be told now.</summary>
    public bool IsDue(TimeProvider time)
    {
        var isDue = _pace.IsDue(time.GetTimestamp(), time.TimestampFrequency);
        if (isDue)
        {
            Volatile.Write(ref _isToldOfFailure, 1);
        }

        return isDue;
    }

    /// <summary>Whether this is the first answer after a failure that was told.</summary>
    public bool HasRecovered() => Volatile.Read(ref _isToldOfFailure) == 1 && Interlocked.Exchange(ref _isToldOfFailure, 0) == 1;
}
