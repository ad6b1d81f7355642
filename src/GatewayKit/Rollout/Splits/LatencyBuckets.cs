namespace GatewayKit.Rollout.Splits;

/// <summary>Times in classes whose bounds grow by the fourth root of two, 1 ms to about a minute: a percentile is exact to 19 %.</summary>
internal static class LatencyBuckets
{
    public const int Count = 64;

    private const int PerDoubling = 4;

    public static int IndexOf(TimeSpan elapsed) =>
        elapsed.TotalMilliseconds <= 1 ? 0 : Math.Min(Count - 1, (int)Math.Ceiling(Math.Log2(elapsed.TotalMilliseconds) * PerDoubling));

    /// <summary>The longest time of a class.</summary>
    public static TimeSpan UpperBound(int index) => TimeSpan.FromMilliseconds(Math.Pow(2, (double)index / PerDoubling));
}
