namespace GatewayKit;

/// <summary>Timers of the gateway's own.</summary>
internal static class DetachedTimer
{
    /// <summary>
    /// Makes a timer that does not keep the execution context of whoever happens to need it first: a request's trace and its <see cref="AsyncLocal{T}"/>
    /// values would otherwise live on in it, and be those of everything it does.
    /// </summary>
    public static ITimer CreateDetachedTimer(this TimeProvider time, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
#pragma warning disable RS0030 // The one place.
            return time.CreateTimer(callback, state, dueTime, period);
#pragma warning restore RS0030
        }
    }

    /// <summary>The same, standing still until it is told otherwise.</summary>
    public static ITimer CreateDetachedTimer(this TimeProvider time, TimerCallback callback, object? state) =>
        time.CreateDetachedTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
