namespace GatewayKit.Throttling.Quotas;

/// <summary>What was taken of a quota ahead of the answer, to be settled once when the true cost is known.</summary>
/// <param name="Key">Whose it is.</param>
/// <param name="Window">The start of the window, or of the bucket, that it was taken from.</param>
/// <param name="Cost">Units taken.</param>
/// <param name="ExpiresAt">From when on nothing of it is given back: who settles later, or never, has used what was reserved.</param>
public readonly record struct QuotaReservation(QuotaKey Key, DateTimeOffset Window, long Cost, DateTimeOffset ExpiresAt);
