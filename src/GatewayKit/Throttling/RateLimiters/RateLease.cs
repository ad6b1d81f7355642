using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>What a rate says to who asks. What was taken comes back with time, not with the lease.</summary>
internal sealed class RateLease : RateLimitLease
{
    private static readonly string[] Names = [MetadataName.RetryAfter.Name];

    // One word: a flood of refusals allocates one lease each.
    private readonly TimeSpan _retryAfter;

    private RateLease(TimeSpan retryAfter) => _retryAfter = retryAfter;

    public static RateLease Acquired { get; } = new(Timeout.InfiniteTimeSpan);

    public override bool IsAcquired => _retryAfter < TimeSpan.Zero;

    public override IEnumerable<string> MetadataNames => IsAcquired ? [] : Names;

    public static RateLease Of(in RateDecision decision, int permits) =>
        // Who asks for nothing asks whether there is something.
        permits == 0 && decision.Remaining == 0 ? new(ThrottleClock.ToTimeSpan(decision.Next))
        : decision.IsTaken ? Acquired
        : new(ThrottleClock.ToTimeSpan(decision.Wait));

    public override bool TryGetMetadata(string metadataName, [NotNullWhen(true)] out object? metadata)
    {
        metadata = !IsAcquired && metadataName == MetadataName.RetryAfter.Name ? _retryAfter : null;
        return metadata is not null;
    }
}
