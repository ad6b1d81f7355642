using GatewayKit.Diagnostics;
using GatewayKit.Identity.Consumers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>What all endpoints that ask for API keys have in common.</summary>
internal sealed partial class ApiKeyChecker(ConsumerDirectory directory, Guesses guesses, IOptions<ApiKeyOptions> options, IdentityMetrics metrics, TimeProvider time, ILogger<ApiKeyChecker> logger)
{
    /// <summary>What metrics call the method.</summary>
    public const string Method = "api-key";

    private readonly HashSet<string> _warned = [];

    public ConsumerDirectory Directory { get; } = directory;

    public KeyVerifier Verifier { get; } = new();

    public Guesses Guesses { get; } = guesses;

    public IdentityMetrics Metrics { get; } = metrics;

    public string Prefix { get; } = options.Value.Prefix;

    public TimeProvider Time { get; } = time;

    /// <summary>Warns of keys in addresses, once for each route.</summary>
    public void NoteQuery(string routeId, string parameter)
    {
        lock (_warned)
        {
            if (!_warned.Add(routeId))
            {
                return;
            }
        }

        Log.InQuery(logger, routeId, parameter);
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.ApiKeyInQuery,
            LogLevel.Warning,
            "{Route} takes API keys from the parameter '{Parameter}' of the query. The gateway takes them out before anything is forwarded; proxies, browsers and request logs in front of it write them down. Use a header where clients can.")]
        public static partial void InQuery(ILogger logger, string route, string parameter);
    }
}
