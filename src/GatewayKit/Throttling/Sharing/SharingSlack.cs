namespace GatewayKit.Throttling.Sharing;

/// <summary>How much more than its rate an asynchronous throttle may admit: <c>SharingSimulationTests</c> measures it.</summary>
/// <param name="rule">The rate.</param>
/// <param name="interval">How long instances do not hear of each other.</param>
internal readonly struct SharingSlack(RateRule rule, TimeSpan interval)
{
    public TimeSpan Interval => interval;

    public double Limit => rule.Limit;

    public TimeSpan Window => rule.Window;

    public int Burst => rule.Burst;

    /// <summary>If requests come to all instances alike, and no faster than the rate: what comes in an interval.</summary>
    public double Balanced => rule.Limit * (interval / rule.Window);

    /// <summary>The most that can be: all instances but one admit what none of them has yet heard is gone.</summary>
    /// <param name="instances">How many there are.</param>
    /// <param name="peakPerSecond">How fast requests come to one of them.</param>
    public double Worst(int instances, double peakPerSecond) =>
        (instances - 1) * Math.Min(rule.Burst + Balanced, peakPerSecond * interval.TotalSeconds);
}
