namespace GatewayKit.Throttling.Quotas;

/// <summary>One window of a quota, in universal time.</summary>
/// <param name="Start">Its first instant.</param>
/// <param name="End">The first instant after it, where the next one starts.</param>
public readonly record struct QuotaSpan(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>The time from start to end.</summary>
    public TimeSpan Length => End - Start;

    /// <summary>Whether an instant is in it.</summary>
    public bool Contains(DateTimeOffset instant) => instant >= Start && instant < End;
}
