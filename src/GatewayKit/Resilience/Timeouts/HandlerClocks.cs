using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience.Timeouts;

/// <summary>Clocks to use again: a clock costs a timer and a cancellation source, a request should cost neither.</summary>
internal sealed class HandlerClocks(TimeProvider time, ILogger<HandlerClock> logger)
{
    // More than this many requests at once are rare enough to pay for their clocks.
    private const int Kept = 1_024;

    private readonly ConcurrentQueue<HandlerClock> _free = new();
    private int _count;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    public HandlerClock Rent()
    {
        if (_free.TryDequeue(out var clock))
        {
            Interlocked.Decrement(ref _count);
            return clock;
        }

        return new(this);
    }

    public void Return(HandlerClock clock)
    {
        if (Interlocked.Increment(ref _count) <= Kept)
        {
            _free.Enqueue(clock);
            return;
        }

        Interlocked.Decrement(ref _count);
        clock.Free();
    }
}
