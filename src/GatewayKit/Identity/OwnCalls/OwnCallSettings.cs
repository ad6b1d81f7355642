using System.Net;
using Polly;
using Polly.Timeout;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>What clients for the gateway's own questions differ in.</summary>
internal sealed record OwnCallSettings
{
    /// <summary>How many connections a server gets.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>How much of a body that nobody reads is read to keep its connection. Default none.</summary>
    public int MaxDrainedBytes { get; init; }

    /// <summary>How long it waits before it asks once more. Default 100 ms.</summary>
    public TimeSpan PauseBeforeRetry { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How many questions in 30 s it takes for the breaker to have a say.</summary>
    public int MinRequests { get; init; } = 4;

    /// <summary>Whether an outcome counts against the server. Default: as the framework says.</summary>
    public Predicate<Outcome<HttpResponseMessage>>? IsOutage { get; init; }

    /// <summary>
    /// Whether a server is away: it cannot be reached, or says so itself. One that fails at what one caller sends must not be closed to all others.
    /// </summary>
    public static bool IsAway(Outcome<HttpResponseMessage> outcome) => outcome.Exception is HttpRequestException or TimeoutRejectedException
        || outcome.Result?.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>Whether the same question is asked once more. Default: as the framework says.</summary>
    public Predicate<Outcome<HttpResponseMessage>>? IsWorthAnotherTry { get; init; }
}
