using GatewayKit.Resilience;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>Which outcomes of an attempt another one could mend.</summary>
internal static class RetryableFailures
{
    /// <summary>Whether nothing of the request reached a process that could have begun to serve it, so that any method may be sent again.</summary>
    public static bool IsBeforeProcessing(in AttemptResult result) =>
        result.Error is not ForwardError.None and var error && ForwardFailure.Of(error) is { BeforeProcessing: true, Blame: Blame.Destination } && result.Exchange is not { IsSentAgain: true };

    /// <param name="result">What came of the attempt.</param>
    /// <param name="policy">What the cluster retries; <see langword="null"/> if it only goes from a destination that cannot be reached to the next.</param>
    public static bool Contains(in AttemptResult result, RetryPolicy? policy) => result.Error switch
    {
        ForwardError.None => policy is not null && result.Answer is { } answer && policy.Statuses.Contains((int)answer.StatusCode),
        _ when IsBeforeProcessing(result) => true,
        ForwardError.UpstreamReset or ForwardError.UpstreamUploadFailed or ForwardError.UpstreamHeadersTimeout or ForwardError.UpstreamTlsBroken => policy is not null,
        _ => false,
    };
}
