using System.Collections.Concurrent;
using GatewayKit.Lifecycle;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace GatewayKit.Forwarding;

/// <summary>Clocks to use again: a clock costs a timer and a cancellation source, an exchange should cost neither.</summary>
internal sealed class ExchangeClocks(TimeProvider time, DrainState? drain = null, PauseDetector? pauses = null)
{
    // More than this many exchanges at once are rare enough to pay for their clocks.
    private const int Kept = 1_024;

    private readonly ConcurrentQueue<ExchangeClock> _free = new();
    private int _count;

    /// <summary>The clock they look at.</summary>
    public TimeProvider Time => time;

    /// <summary>Whether the host is stopping.</summary>
    public bool IsDraining => drain is { IsDraining: true };

    /// <summary>Cancelled when the host begins to stop.</summary>
    public CancellationToken Draining => drain?.Draining ?? CancellationToken.None;

    /// <summary>Whether the host is about to cut what runs, so that a client that is gone did not go by itself.</summary>
    public bool IsCutting => drain is { IsCutting: true };

    /// <summary>
    /// Why <see cref="HttpContext.RequestAborted"/> has fired: the host's request timeout, and the deadline of an endpoint of the host, arrive on the same token
    /// as a client that went away (C11).
    /// </summary>
    /// <param name="httpContext">The client's request; <see langword="null"/> if it is over.</param>
    /// <param name="deadline">When it has to be over, as a timestamp.</param>
    public ForwardError CauseOfAbort(HttpContext? httpContext, long deadline) =>
        httpContext?.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true } || time.GetTimestamp() >= deadline
            ? ForwardError.DeadlineExceeded
            : IsCutting ? ForwardError.Draining : ForwardError.ClientAborted;

    /// <summary>Whether this process stood still some time since then, a timestamp.</summary>
    public bool StoodStillSince(long timestamp) => pauses is not null && pauses.Covers(timestamp, time.GetTimestamp());

    public ExchangeClock Rent()
    {
        if (_free.TryDequeue(out var clock))
        {
            Interlocked.Decrement(ref _count);
            return clock;
        }

        return new ExchangeClock(this, time);
    }

    public void Return(ExchangeClock clock)
    {
        if (Interlocked.Increment(ref _count) <= Kept)
        {
            _free.Enqueue(clock);
            return;
        }

        Interlocked.Decrement(ref _count);
        clock.Dispose();
    }
}
