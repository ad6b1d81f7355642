using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>Windows of dates in a time zone.</summary>
internal static class ZonedCalendar
{
    /// <summary>The window around an instant.</summary>
    /// <param name="zone">The zone.</param>
    /// <param name="instant">The instant.</param>
    /// <param name="guess">The number of a window near it.</param>
    /// <param name="startOf">When a window starts, by its number; each later than the one before.</param>
    public static QuotaSpan Around(TimeZoneInfo zone, DateTimeOffset instant, int guess, Func<int, DateTime> startOf)
    {
        // Where clocks are set back over midnight the date is no guide: the evening comes twice, and the second one belongs to the next day.
        var start = ZonedTime.FirstInstant(zone, startOf(guess));
        while (start > instant)
        {
            start = ZonedTime.FirstInstant(zone, startOf(--guess));
        }

        while (true)
        {
            var end = ZonedTime.FirstInstant(zone, startOf(++guess));
            if (end > instant)
            {
                return new(start, end);
            }

            start = end;
        }
    }

    /// <summary>A date some units later, or earlier. Days that a month lacks become its last one.</summary>
    public static DateTime Add(DateTime date, CalendarUnit unit, int count) => unit switch
    {
        CalendarUnit.Day => date.AddDays(count),
        CalendarUnit.Week => date.AddDays(7d * count),
        CalendarUnit.Month => date.AddMonths(count),
        _ => date.AddYears(count),
    };
}
