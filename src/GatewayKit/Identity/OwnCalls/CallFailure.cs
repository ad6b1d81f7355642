using Polly.CircuitBreaker;
using Polly.Timeout;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>Why a question of the gateway's own has no answer that can be used.</summary>
internal enum CallFailure
{
    None,

    /// <summary>The server could not be reached.</summary>
    Unreachable,

    /// <summary>The server did not answer in time.</summary>
    Timeout,

    /// <summary>The server failed too often lately, and is left alone for a while.</summary>
    CircuitOpen,

    /// <summary>The server failed: a status of 500 and above, 408 or 429.</summary>
    ServerError,

    /// <summary>The server refuses the gateway: another status, such as 401 for a wrong secret.</summary>
    Refused,

    /// <summary>The server refuses the caller's token.</summary>
    SubjectRefused,

    /// <summary>The answer is none that can be used.</summary>
    Malformed,

    /// <summary>The answer is longer than any that makes sense.</summary>
    TooLarge,

    /// <summary>There is no secret, or none that can be used.</summary>
    NoSecret,

    /// <summary>Too many questions wait for answers.</summary>
    Overloaded,
}

/// <summary>The failures as metrics and logs have them.</summary>
internal static class CallFailures
{
    /// <summary>What an exception of the client means.</summary>
    public static CallFailure Of(Exception exception) => exception switch
    {
        BrokenCircuitException => CallFailure.CircuitOpen,
        OperationCanceledException or TimeoutRejectedException => CallFailure.Timeout,
        _ => CallFailure.Unreachable,
    };

    public static string NameOf(CallFailure failure) => failure switch
    {
        CallFailure.None => "ok",
        CallFailure.Unreachable => "unreachable",
        CallFailure.Timeout => "timeout",
        CallFailure.CircuitOpen => "circuit-open",
        CallFailure.ServerError => "server-error",
        CallFailure.Refused => "refused",
        CallFailure.SubjectRefused => "subject-refused",
        CallFailure.Malformed => "malformed",
        CallFailure.TooLarge => "too-large",
        CallFailure.NoSecret => "no-secret",
        _ => "overloaded",
    };
}
