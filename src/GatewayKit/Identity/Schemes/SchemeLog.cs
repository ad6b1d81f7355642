using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Identity.Schemes;

/// <summary>Tells the log what keeps schemes and policies of the host from answering: once a minute each, for it comes with every request.</summary>
internal sealed partial class SchemeLog(TimeProvider time, ILogger<SchemeLog> logger)
{
    /// <summary>What becomes of a request whose credential cannot be checked. Never let through.</summary>
    public static readonly AuthenticationOutcome UnavailableOutcome = AuthenticationOutcome.Refuse(new(RejectionReason.AuthUnavailable, retryAfter: TimeSpan.FromSeconds(1)));

    private readonly LogPace _unavailablePace = new(), _challengePace = new(), _undecidedPace = new();

    /// <summary>A credential could not be checked.</summary>
    public void Unavailable(HttpContext httpContext, string? scheme, Exception exception)
    {
        if (logger.IsEnabled(LogLevel.Error) && IsDue(_unavailablePace))
        {
            Log.Unavailable(logger, scheme ?? "(default)", Describe(httpContext, exception));
        }
    }

    /// <summary>A handler could not say how a client may say who it is.</summary>
    public void ChallengeFailed(HttpContext httpContext, string scheme, Exception exception)
    {
        if (logger.IsEnabled(LogLevel.Error) && IsDue(_challengePace))
        {
            Log.ChallengeFailed(logger, scheme, Describe(httpContext, exception));
        }
    }

    /// <summary>An authorization policy of the host could not decide.</summary>
    public void Undecided(HttpContext httpContext, string policy, Exception exception)
    {
        if (logger.IsEnabled(LogLevel.Error) && IsDue(_undecidedPace))
        {
            Log.Undecided(logger, policy, Describe(httpContext, exception));
        }
    }

    private bool IsDue(LogPace pace) => pace.IsDue(time.GetTimestamp(), time.TimestampFrequency);

    // Handlers of others may put what they were given into their messages.
    private static string Describe(HttpContext httpContext, Exception exception)
    {
        var (type, text) = (exception.GetType().Name, LogText.Of(exception));
        var request = httpContext.Request.Headers;
        return Quotes(text, request.Authorization.ToString()) || Quotes(text, request.Cookie.ToString()) ? type : $"{type}: {text}";
    }

    private static bool Quotes(string text, string credentials)
    {
        const int ShortestSecret = 6;
        foreach (var range in credentials.AsSpan().SplitAny(" =;,"))
        {
            var part = credentials.AsSpan()[range];
            if (part.Length >= ShortestSecret && text.AsSpan().Contains(part, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.CredentialUnchecked, LogLevel.Error, "Scheme {Scheme} cannot check credentials, and requests are refused: {Fault}")]
        public static partial void Unavailable(ILogger logger, string scheme, string fault);

        [LoggerMessage(EventIds.ChallengeFailed, LogLevel.Error, "Scheme {Scheme} cannot say how to authenticate: {Fault}")]
        public static partial void ChallengeFailed(ILogger logger, string scheme, string fault);

        [LoggerMessage(EventIds.AuthorizationUndecided, LogLevel.Error, "Authorization policy {Policy} cannot decide, and requests are refused: {Fault}")]
        public static partial void Undecided(ILogger logger, string policy, string fault);
    }
}
