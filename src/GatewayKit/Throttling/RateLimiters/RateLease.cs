using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>What a rate says to who asks. What was taken comes back with time, not with the lease.</summary>
internal sealed class RateLease : RateLimitLease
{
    private static readonly string[] Names = [MetadataName.RetryAfter.Name];

    private readonly TimeSpan? _retryAfter;

    private RateLease(bool isAcquired, TimeSpan? retryAfter) => (IsAcquired, _retryAfter) = (isAcquired, retryAfter);

    public static RateLease Acquired { get; } = new(isAcquired: true, retryAfter: null);

    public override bool IsAcquired { get; }

    public override IEnumerable<string> MetadataNames => _retryAfter is null ? [] : Names;

    public static RateLease Of(in RateDecision decision, int permits) =>
        // Who asks for nothing asks whether there is something.
        permits == 0 && decision.Remaining == 0 ? new(isAcquired: false, ThrottleClock.ToTimeSpan(decision.Next))
        : decision.IsTaken ? Acquired
        : new(isAcquired: false, ThrottleClock.ToTimeSpan(decision.Wait));

    public override bool TryGetMetadata(string metadataName, [NotNullWhen(true)] out object? metadata)
    {
        metadata = metadataName == MetadataName.RetryAfter.Name ? _retryAfter : null;
        return metadata is not null;
    }
}
