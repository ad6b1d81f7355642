using GatewayKit.Routing;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;

namespace GatewayKit;

/// <summary>How records are replayed, and how much is told.</summary>
public sealed record LimitReplayOptions
{
    /// <summary>How far records may be out of order and are put right, 0 to 1 hour; among 100,000 records at most. Default 1 minute. What comes later still counts as if it had come when it was read.</summary>
    public TimeSpan MaxDisorder { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether requests that a limit refused when they were recorded are left out. Default <see langword="false"/>: they are part of the demand.</summary>
    public bool OnlyServed { get; init; }

    /// <summary>How many partition keys of each policy are told, 0 to 1,000: those with the most refusals. Default 10.</summary>
    public int TopKeys { get; init; } = 10;

    /// <summary>Whether partition keys are told as hashes. They are keyed with a secret of this process, and tell keys apart within it. Default <see langword="false"/>.</summary>
    public bool Redact { get; init; }

    /// <summary>
    /// How many partition keys each throttle, and all quotas together, tell apart at once: what <see cref="ThrottlingOptions.MaxKeys"/> and
    /// <see cref="QuotaOptions.MaxKeys"/> of the gateway say, 64 to 10,000,000. Default 100,000.
    /// </summary>
    public int MaxKeys { get; init; } = 100_000;

    /// <summary>
    /// Sets up the gateway as the host's start-up code does, such as policies of its own that the configuration names, and defaults in code. Default: nothing. It is called once for each configuration;
    /// what serves requests is never started.
    /// </summary>
    public Action<GatewayBuilder>? Configure { get; init; }

    /// <summary>Whose plans hold for callers, where the limits are those of endpoints that are built already. Default none: limits of plans play no part. Of a configuration its own plans hold.</summary>
    public GatewaySnapshot? Snapshot { get; init; }

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDisorder, TimeSpan.Zero, nameof(MaxDisorder));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxDisorder, TimeSpan.FromHours(1), nameof(MaxDisorder));
        ArgumentOutOfRangeException.ThrowIfLessThan(TopKeys, 0, nameof(TopKeys));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(TopKeys, 1_000, nameof(TopKeys));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxKeys, 64, nameof(MaxKeys));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxKeys, 10_000_000, nameof(MaxKeys));
    }
}
