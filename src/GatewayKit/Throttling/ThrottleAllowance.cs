using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>The run-time state behind one <see cref="ThrottlePolicy"/> on one route. Safe to use from any thread.</summary>
internal abstract class ThrottleAllowance
{
    /// <summary>Charges the request.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="wait">If it is refused, the time until one can pass; else zero.</param>
    /// <param name="ahead">The time until the allowance is full, in units of <see cref="ThrottleClock"/>.</param>
    /// <returns>Whether the request may pass. A refused one has taken nothing.</returns>
    public abstract bool TryTake(HttpContext httpContext, out TimeSpan wait, out long ahead);

    /// <summary>Gives back what a request took that another throttle refused.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="elapsed">The time since it took it, or more, in units of <see cref="ThrottleClock"/>.</param>
    public abstract void Return(HttpContext httpContext, long elapsed);
}

/// <summary>One allowance for everybody.</summary>
internal sealed class SharedAllowance(Gcra rate, ThrottleClock clock) : ThrottleAllowance
{
    private readonly TokenBucket _bucket = new(rate, clock);

    public override bool TryTake(HttpContext httpContext, out TimeSpan wait, out long ahead) => _bucket.TryTake(out wait, out ahead);

    public override void Return(HttpContext httpContext, long elapsed) => _bucket.Return(elapsed);
}
