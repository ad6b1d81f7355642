namespace GatewayKit.Throttling;

/// <summary>Monotonic time since its creation in sixteenths of a nanosecond, which last 18 years in a <see cref="long"/>.</summary>
/// <remarks>With ticks of 100 ns a rate of 1,000,000 requests per second would be 10 of them, and rounding would cost up to a tenth.</remarks>
internal sealed class ThrottleClock(TimeProvider time)
{
    public const long UnitsPerSecond = 16_000_000_000;

    private const long UnitsPerTick = UnitsPerSecond / TimeSpan.TicksPerSecond;

    // One step ago: no time is 0, which says of a state that nobody has used it.
    private readonly long _start = time.GetTimestamp() - 1;

    // 16 on Linux, 1,600 on Windows; 0 for a frequency that does not divide the unit.
    private readonly long _unitsPerStep = UnitsPerSecond % time.TimestampFrequency == 0 ? UnitsPerSecond / time.TimestampFrequency : 0;

    public long Now
    {
        get
        {
            var steps = time.GetTimestamp() - _start;
            return _unitsPerStep != 0 ? steps * _unitsPerStep : (long)((Int128)steps * UnitsPerSecond / time.TimestampFrequency);
        }
    }

    /// <summary>A span of time in units, exactly.</summary>
    public static long ToUnits(TimeSpan time) => checked(time.Ticks * UnitsPerTick);

    /// <summary>A span of time, rounded up: nobody is told to come back too early.</summary>
    public static TimeSpan ToTimeSpan(long units) => new((units + UnitsPerTick - 1) / UnitsPerTick);
}
