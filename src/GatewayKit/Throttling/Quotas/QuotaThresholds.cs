namespace GatewayKit.Throttling.Quotas;

/// <summary>Thresholds of a quota.</summary>
[Flags]
public enum QuotaThresholds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The share of the limit that <see cref="QuotaPolicy.WarnAtPercent"/> names.</summary>
    Warning = 1,

    /// <summary>The limit.</summary>
    Limit = 2,
}
