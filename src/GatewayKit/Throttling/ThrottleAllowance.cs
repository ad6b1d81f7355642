using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>The run-time state behind one <see cref="ThrottlePolicy"/> on one route. Safe to use from any thread.</summary>
internal abstract class ThrottleAllowance
{
    // Each holds a request with its connection and its body: more of them are a sign that the rate, not the pace, is too low.
    private const int MaxWaiting = 1_000;

    private int _waiting;

    /// <summary>Whether it may have to wait for the answer of a store, so that it is charged by <see cref="TakeAsync"/>.</summary>
    public virtual bool Waits => false;

    /// <summary>Charges the request.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="cost">Units, 0 to what a full allowance holds.</param>
    public abstract RateDecision Take(HttpContext httpContext, int cost);

    /// <inheritdoc cref="Take"/>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public virtual ValueTask<RateDecision> TakeAsync(HttpContext httpContext, int cost) => new(Take(httpContext, cost));

    /// <summary>Charges the request, which may wait for its turn where there are turns.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="cost">Units, 0 to what a full allowance holds.</param>
    /// <param name="maxWait">How long, in units of <see cref="ThrottleClock"/>.</param>
    public virtual RateDecision TakeAhead(HttpContext httpContext, int cost, long maxWait) => Take(httpContext, cost);

    /// <summary>Corrects what a request took to what it has used.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="use">What it took and used; times are in units of <see cref="ThrottleClock"/>.</param>
    /// <returns>How the allowance stands, if it is known.</returns>
    public abstract RateDecision Settle(HttpContext httpContext, in RateUse use);

    /// <summary>How the allowance of a request stands, if it can be read. Nothing is taken.</summary>
    /// <param name="httpContext">The request.</param>
    public abstract ValueTask<RateDecision> PeekAsync(HttpContext httpContext);

    /// <summary>Lets another request wait, unless too many do.</summary>
    public bool TryWait()
    {
        if (Interlocked.Increment(ref _waiting) <= MaxWaiting)
        {
            return true;
        }

        EndWait();
        return false;
    }

    /// <summary>Notes that a request waits no more.</summary>
    public void EndWait() => Interlocked.Decrement(ref _waiting);
}

/// <summary>One allowance for everybody.</summary>
internal sealed class SharedAllowance<TRate, TState>(TRate rate, ThrottleClock clock) : ThrottleAllowance
    where TRate : struct, IRate<TState>
    where TState : unmanaged
{
    private readonly RateBucket<TRate, TState> _bucket = new(rate, clock);

    public override RateDecision Take(HttpContext httpContext, int cost) => _bucket.Take(cost);

    public override RateDecision TakeAhead(HttpContext httpContext, int cost, long maxWait) => _bucket.Take(cost, maxWait);

    public override RateDecision Settle(HttpContext httpContext, in RateUse use) => _bucket.Settle(use);

    public override ValueTask<RateDecision> PeekAsync(HttpContext httpContext) => new(_bucket.Peek());
}
