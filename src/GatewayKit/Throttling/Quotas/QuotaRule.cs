namespace GatewayKit.Throttling.Quotas;

/// <summary>What a store decides by: the numbers of a <see cref="QuotaPolicy"/>. Immutable, with value equality.</summary>
/// <param name="Window">The time that is counted over.</param>
/// <param name="Limit">Units in each window.</param>
/// <param name="MaxOverage">Units beyond the limit that are admitted.</param>
/// <param name="WarnAtPercent">The share of the limit that is a threshold.</param>
public sealed record QuotaRule(QuotaWindow Window, long Limit, long MaxOverage, int WarnAtPercent)
{
    /// <summary>All that a window can admit.</summary>
    public long Capacity => Limit + MaxOverage;

    /// <summary>What has to be used for a warning, rounded up.</summary>
    public long WarnAt => (long)(((Int128)Limit * WarnAtPercent + 99) / 100);
}
