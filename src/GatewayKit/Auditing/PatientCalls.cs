using GatewayKit.Auditing.Shipping;
using Polly;
using Polly.Retry;

namespace GatewayKit.Auditing;

/// <summary>
/// Calls of a place that may be away, such as a sink or an anchor: the same call again, after a pause that grows or that the place has asked for, until it answers. One caller and growing pauses: there is
/// nothing for a circuit breaker to keep away.
/// </summary>
internal static class PatientCalls
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWish = TimeSpan.FromMinutes(5);

    /// <summary>Up to how long a place is left alone unless somebody says otherwise.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Makes what calls. A refusal of what is sent (<see cref="AuditBatchRejectedException"/>) is an answer.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="timeout">How long a call may take.</param>
    /// <param name="longestPause">Up to how long the place is left alone.</param>
    /// <param name="onFailure">Is told of each call that failed.</param>
    public static ResiliencePipeline Create(TimeProvider time, TimeSpan timeout, TimeSpan longestPause, Action<Exception> onFailure) => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstPause,
            MaxDelay = longestPause,
            ShouldHandle = static retry => new(retry.Outcome.Exception is not (null or AuditBatchRejectedException) && !retry.Context.CancellationToken.IsCancellationRequested),
            DelayGenerator = static retry => new(retry.Outcome.Exception is AuditSinkBusyException { RetryAfter: { } wish } ? (wish < FirstPause ? FirstPause : wish < LongestWish ? wish : LongestWish) : null),
            OnRetry = retry =>
            {
                onFailure(retry.Outcome.Exception!);
                return ValueTask.CompletedTask;
            },
        })
        .AddTimeout(timeout)
        .Build();
}
