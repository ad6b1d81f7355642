namespace GatewayKit.Throttling.Quotas;

/// <summary>The crossing of a threshold of a quota.</summary>
/// <param name="RouteId">The route or endpoint.</param>
/// <param name="Quota">The name of the quota.</param>
/// <param name="Key">Whose it is.</param>
/// <param name="Threshold">What was crossed.</param>
/// <param name="Used">Units used in the window.</param>
/// <param name="Limit">Units that the window has.</param>
/// <param name="ResetsAt">When more units come back; <see langword="null"/> if they never do.</param>
public sealed record QuotaCrossing(string RouteId, string Quota, QuotaKey Key, QuotaThresholds Threshold, long Used, long Limit, DateTimeOffset? ResetsAt);
