using GatewayKit.Diagnostics;

namespace GatewayKit.Throttling;

/// <summary>Tells of requests whose key found no room in a throttle: each is counted, and a flood of made-up keys warns once in a while.</summary>
/// <param name="place">Where the throttle is.</param>
/// <param name="partition">What tells keys apart.</param>
/// <param name="maxKeys">For how many there is room.</param>
/// <param name="clock">The time.</param>
/// <param name="metrics">Takes them.</param>
internal sealed class KeyOverflow(string place, ThrottlePartition partition, int maxKeys, ThrottleClock clock, ThrottlingMetrics metrics)
{
    private readonly LogPace _pace = new();

    public void Note()
    {
        metrics.Overflowed(place, partition);
        if (_pace.IsDue(clock.Now, ThrottleClock.UnitsPerSecond))
        {
            metrics.WarnOfOverflow(place, partition, maxKeys);
        }
    }
}
