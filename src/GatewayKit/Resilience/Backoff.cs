namespace GatewayKit.Resilience;

/// <summary>
/// How long to wait before a retry: evenly from zero to a limit that doubles (full jitter; Brooker, "Exponential Backoff and Jitter", 2015), so that
/// clients that failed together do not come back together.
/// </summary>
internal static class Backoff
{
    /// <param name="retry">Which retry: 0 for the first.</param>
    /// <param name="first">The limit of the first.</param>
    /// <param name="most">The limit of any.</param>
    /// <param name="draw">From 0 up to 1.</param>
    public static TimeSpan Of(int retry, TimeSpan first, TimeSpan most, double draw) =>
        TimeSpan.FromMilliseconds(Math.Min(most.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, retry)) * draw);
}
