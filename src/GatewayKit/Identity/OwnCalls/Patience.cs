using GatewayKit.Pipeline;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>How long a request waits for an answer that others may wait for too: as long as it has a client and time left.</summary>
internal static class Patience
{
    private static readonly GatewayProblem ClientAborted = new(RejectionReason.ClientAborted);
    private static readonly GatewayProblem DeadlineExceeded = new(RejectionReason.DeadlineExceeded);

    /// <summary>Waits for an answer.</summary>
    /// <param name="context">The request.</param>
    /// <param name="answer">The answer, which goes on when nobody waits any more.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The answer, or why the request does not wait for it.</returns>
    public static async ValueTask<(T Answer, GatewayProblem? Problem)> WaitAsync<T>(GatewayContext context, Task<T> answer, TimeProvider time)
        where T : struct
    {
        try
        {
            var left = context.Deadline == long.MaxValue ? Timeout.InfiniteTimeSpan : time.GetElapsedTime(time.GetTimestamp(), context.Deadline);
            return left <= TimeSpan.Zero && left != Timeout.InfiniteTimeSpan
                ? (default, DeadlineExceeded)
                : (await answer.WaitAsync(left, time, context.HttpContext.RequestAborted).ConfigureAwait(false), null);
        }
        catch (TimeoutException)
        {
            return (default, DeadlineExceeded);
        }
        catch (OperationCanceledException)
        {
            return (default, ClientAborted);
        }
    }
}
