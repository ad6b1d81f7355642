using GatewayKit.Diagnostics;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity;

/// <summary>Wrong keys, tokens and signatures, which count together by the address that they come from: whoever guesses the one may guess the other.</summary>
internal sealed partial class Guesses(IOptions<ApiKeyOptions> options, TimeProvider time, ILogger<Guesses> logger)
{
    private readonly FailedAttempts _attempts = new(options.Value.FailuresPerMinute, options.Value.FailureBurst, time);
    private readonly LogPace _pace = new();

    /// <summary>Counts a wrong one.</summary>
    /// <returns>Whether the address was within its limit.</returns>
    public bool TryCount(GatewayContext context, out TimeSpan wait) => _attempts.TryCount(context.HttpContext.Connection.RemoteIpAddress, out wait);

    /// <summary>
    /// Counts one that nobody knows yet before it is asked about, as if it were wrong: of many that come at once, each would otherwise be asked about before the first has turned out to be.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="counted">What to give back when it is not wrong.</param>
    /// <param name="wait">Until the address may ask again.</param>
    /// <returns>Whether the address was within its limit.</returns>
    public bool TryAsk(GatewayContext context, out CountedAttempt counted, out TimeSpan wait) => _attempts.TryCount(context.HttpContext.Connection.RemoteIpAddress, out counted, out wait);

    /// <summary>Takes back one that has turned out not to be wrong; once for each.</summary>
    public void GiveBack(in CountedAttempt counted) => _attempts.GiveBack(counted);

    /// <summary>The refusal of an address that is over its limit.</summary>
    /// <param name="what">What came from it: <c>keys</c>, <c>tokens</c> or <c>signatures</c>.</param>
    /// <param name="routeId">The endpoint.</param>
    /// <param name="wait">Until it may fail again.</param>
    public AuthenticationOutcome Refuse(string what, string routeId, TimeSpan wait)
    {
        if (_pace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
        {
            Log.Guessing(logger, what, routeId);
        }

        return AuthenticationOutcome.Refuse(new(RejectionReason.RateLimited, $"Too many wrong {what} came from this address.", wait) { Cause = "failed-attempts" });
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.CredentialGuessed,
            LogLevel.Warning,
            "An address has sent too many wrong {What} to {Route} and is limited. If many clients come from one address, because a proxy stands in front, let the host read its forwarded headers.")]
        public static partial void Guessing(ILogger logger, string what, string route);
    }
}
