namespace GatewayKit.Throttling;

/// <summary>How a rate is counted.</summary>
public enum RateAlgorithm
{
    /// <summary>
    /// The generic cell rate algorithm (ITU-T I.371): an allowance that refills evenly and holds a burst. In any span of time it admits the burst and what
    /// the rate brings in that time.
    /// </summary>
    TokenBucket,

    /// <summary>
    /// Never more than the limit in a window, as an estimate: of the window before, as much counts as of it lies within one window's length. For contracts that are worded
    /// so.
    /// </summary>
    SlidingWindow,
}
