using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Access;

/// <summary>Whether it is time. It knows until when its answer holds, and reckons again only then, or when the clock was set back. Safe for concurrent use.</summary>
internal sealed class OpeningHours(IReadOnlyList<AccessHours> windows, TimeProvider time)
{
    // A window may begin the day before and last a day; with one day a week, and one week in which clocks skip it, the next is 14 days ahead.
    private const int DaysBefore = 2;
    private const int DaysAhead = 16;

    private readonly (AccessHours Hours, TimeZoneInfo Zone)[] _windows = [.. windows.Select(static hours => (hours, TimeZoneInfo.FindSystemTimeZoneById(hours.TimeZone)))];
    private volatile Standing? _standing;

    /// <param name="opensIn">If not, when.</param>
    public bool IsOpen(out TimeSpan opensIn)
    {
        var now = time.GetUtcNow();
        if (_standing is not { } standing || now < standing.Since || now >= standing.Until)
        {
            _standing = standing = StandingAt(now);
        }

        opensIn = standing.IsOpen ? TimeSpan.Zero : standing.Until - now;
        return standing.IsOpen;
    }

    private Standing StandingAt(DateTimeOffset now)
    {
        Standing? before = null;
        foreach (var (start, end) in Merged(_windows.SelectMany(window => SpansOf(window.Hours, window.Zone, now)).OrderBy(static span => span.Start)))
        {
            if (now < start)
            {
                return new(before?.Until ?? now, start, IsOpen: false);
            }

            before = new(start, end, IsOpen: true);
            if (now < end)
            {
                return before;
            }
        }

        return new(now, now.AddDays(1), IsOpen: false);
    }

    private static IEnumerable<(DateTimeOffset Start, DateTimeOffset End)> SpansOf(AccessHours hours, TimeZoneInfo zone, DateTimeOffset now)
    {
        var today = ZonedTime.LocalAt(zone, now).Date;
        for (var day = -DaysBefore; day <= DaysAhead; day++)
        {
            var date = today.AddDays(day);
            if (hours.Days.Count > 0 && !hours.Days.Contains(date.DayOfWeek))
            {
                continue;
            }

            var start = ZonedTime.FirstInstant(zone, date + hours.From.ToTimeSpan());
            var end = ZonedTime.FirstInstant(zone, (hours.To <= hours.From ? date.AddDays(1) : date) + hours.To.ToTimeSpan());
            if (start < end)
            {
                yield return (start, end);
            }
        }
    }

    private static IEnumerable<(DateTimeOffset Start, DateTimeOffset End)> Merged(IEnumerable<(DateTimeOffset Start, DateTimeOffset End)> spans)
    {
        (DateTimeOffset Start, DateTimeOffset End)? open = null;
        foreach (var span in spans)
        {
            if (open is { } known && span.Start <= known.End)
            {
                open = (known.Start, span.End > known.End ? span.End : known.End);
                continue;
            }

            if (open is { } done)
            {
                yield return done;
            }

            open = span;
        }

        if (open is { } last)
        {
            yield return last;
        }
    }

    private sealed record Standing(DateTimeOffset Since, DateTimeOffset Until, bool IsOpen);
}
