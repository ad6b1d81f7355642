namespace GatewayKit.Pipeline;

/// <summary>
/// What times of a time zone are as instants. It asks the zone for offsets of instants only, which are never in doubt: a time of day may exist twice, or not at all.
/// </summary>
internal static class ZonedTime
{
    // More than any zone is away from universal time: -12 to +14 hours. Changes of one zone are further apart than twice this.
    private static readonly TimeSpan Reach = TimeSpan.FromHours(15);

    /// <summary>Whether the zone is known to this machine.</summary>
    public static bool Knows(string timeZone) => TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out _);

    /// <summary>What to do about a zone that is not known.</summary>
    public static string UnknownZone(string timeZone) =>
        $"This machine knows no time zone '{timeZone}'. Write an IANA name such as Europe/Berlin, or UTC; a minimal container needs the package tzdata.";

    /// <summary>The time that clocks of a zone show.</summary>
    public static DateTime LocalAt(TimeZoneInfo zone, DateTimeOffset instant) => LocalAt(zone, instant.UtcTicks);

    /// <summary>The first instant at which clocks of the zone show this time, or a later one if they skip it.</summary>
    public static DateTimeOffset FirstInstant(TimeZoneInfo zone, DateTime local)
    {
        var (early, late) = (local.Ticks - Reach.Ticks, local.Ticks + Reach.Ticks);
        var (before, after) = (OffsetAt(zone, early), OffsetAt(zone, late));

        // Where it exists twice, as clocks are set back, the larger offset is the earlier instant.
        var first = local.Ticks - Math.Max(before, after);
        if (LocalAt(zone, first).Ticks == local.Ticks)
        {
            return new(first, TimeSpan.Zero);
        }

        var second = local.Ticks - Math.Min(before, after);
        return new(LocalAt(zone, second).Ticks == local.Ticks ? second : FirstBeyond(zone, local.Ticks, early, late), TimeSpan.Zero);
    }

    // Clocks skip the time: the instant at which they do.
    private static long FirstBeyond(TimeZoneInfo zone, long local, long before, long beyond)
    {
        while (beyond - before > 1)
        {
            var middle = before + ((beyond - before) / 2);
            (before, beyond) = LocalAt(zone, middle).Ticks < local ? (middle, beyond) : (before, middle);
        }

        return beyond;
    }

    private static long OffsetAt(TimeZoneInfo zone, long utc) => zone.GetUtcOffset(new DateTime(utc, DateTimeKind.Utc)).Ticks;

    private static DateTime LocalAt(TimeZoneInfo zone, long utc) => new(utc + OffsetAt(zone, utc));
}
