namespace GatewayKit.Throttling.Quotas;

/// <summary>Whose count of which quota: hashes, so that values of headers and addresses do not leave the process.</summary>
/// <param name="Quota">What is counted where: route, unit, window and partition.</param>
/// <param name="High">The upper half of the partition key's hash; 0 for those below.</param>
/// <param name="Low">The lower half.</param>
public readonly record struct QuotaKey(ulong Quota, ulong High, ulong Low)
{
    private const ulong WholeLow = 0;
    private const ulong AnonymousLow = 1;
    private const ulong OverflowLow = 2;

    /// <summary>The key that all keys share for which a store has no room.</summary>
    public QuotaKey ToOverflow() => new(Quota, 0, OverflowLow);

    /// <summary>Whether it is shared by those for which there is no room.</summary>
    public bool IsOverflow => High is 0 && Low is OverflowLow;

    /// <summary>Whether there is one of it whatever is sent: a store always has room for it.</summary>
    internal bool IsFixed => High is 0 && Low <= OverflowLow;

    /// <summary>The key of a quota that all requests share.</summary>
    internal static QuotaKey Whole(ulong quota) => new(quota, 0, WholeLow);

    /// <summary>The key of requests that have nothing to be told apart by.</summary>
    internal static QuotaKey Anonymous(ulong quota) => new(quota, 0, AnonymousLow);
}
