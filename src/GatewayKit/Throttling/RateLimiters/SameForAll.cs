using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>A limiter that does not ask whose request it is.</summary>
internal sealed class SameForAll(RateLimiter limiter) : PartitionedRateLimiter<HttpContext>
{
    private readonly RateLimiter _limiter = limiter;

    public override RateLimiterStatistics? GetStatistics(HttpContext resource) => _limiter.GetStatistics();

    // It is the limiter that counts: one that a group and an endpoint name is one.
    public override bool Equals(object? obj) => obj is SameForAll other && ReferenceEquals(_limiter, other._limiter);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(_limiter);

    protected override RateLimitLease AttemptAcquireCore(HttpContext resource, int permitCount) => _limiter.AttemptAcquire(permitCount);

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(HttpContext resource, int permitCount, CancellationToken cancellationToken) => _limiter.AcquireAsync(permitCount, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _limiter.Dispose();
        }

        base.Dispose(disposing);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await _limiter.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsyncCore().ConfigureAwait(false);
    }
}
