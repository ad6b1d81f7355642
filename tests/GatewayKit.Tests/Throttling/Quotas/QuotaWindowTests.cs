using System.Globalization;
using GatewayKit.Throttling.Quotas;

namespace GatewayKit.Tests.Throttling.Quotas;

public sealed class QuotaWindowTests
{
    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    // 2011 has the Friday that Samoa left out, and midnights that come twice.
    [Theory]
    [InlineData(2011)]
    [InlineData(2026)]
    public void Year_of_every_zone_has_no_gap_and_no_overlap(int year)
    {
        var zones = TimeZoneInfo.GetSystemTimeZones();
        Assert.True(zones.Count > 300, "This machine lacks the table of time zones (tzdata).");
        foreach (var zone in zones)
        {
            var days = DaysOf(zone, year);
            foreach (var unit in Enum.GetValues<CalendarUnit>())
            {
                var expected = StartsOf(unit, days);
                var window = new CalendarWindow(unit, zone.Id);
                Assert.True(expected.SequenceEqual(Walk(window, expected[0], expected[^1])), $"{unit} in {zone.Id}");
            }

            var anniversary = new AnniversaryWindow(new DateOnly(2008, 1, 31), CalendarUnit.Month, zone.Id);
            var months = Walk(anniversary, anniversary.SpanAt(days[0].Start).Start, days[^1].Start);
            Assert.All(months, start => Assert.True(zone.Id.Length == 0 || LastOrThirtyFirst(days, start), $"{start:O} in {zone.Id}"));
        }
    }

    [Fact]
    public void Days_have_23_to_25_hours_but_for_a_polar_station()
    {
        var lengths =
            from zone in TimeZoneInfo.GetSystemTimeZones()
            let window = new CalendarWindow(CalendarUnit.Day, zone.Id)
            from start in Walk(window, window.SpanAt(Utc(2026, 1, 1)).Start, Utc(2026, 12, 31))
            select (zone.Id, Hours: window.SpanAt(start).Length.TotalHours);
        var all = lengths.ToArray();
        Assert.Equal(["Antarctica/Troll"], all.Where(static day => day.Hours is < 23 or > 25).Select(static day => day.Id).Distinct());
        Assert.Equal(23, all.Where(static day => day.Id == "Europe/Berlin").Min(static day => day.Hours));
        Assert.Equal(25, all.Where(static day => day.Id == "Europe/Berlin").Max(static day => day.Hours));
    }

    [Theory]
    [InlineData("Africa/Cairo", 2026, 4, 24, "2026-04-23T22:00:00Z")] // 0:00 to 1:00 does not exist: the first valid instant.
    [InlineData("America/Havana", 2026, 3, 8, "2026-03-08T05:00:00Z")]
    [InlineData("America/Havana", 2026, 11, 1, "2026-11-01T04:00:00Z")] // 0:00 exists twice: the first.
    [InlineData("Pacific/Apia", 2011, 12, 31, "2011-12-30T10:00:00Z")] // There was no 30 December.
    [InlineData("Asia/Kathmandu", 2026, 6, 1, "2026-05-31T18:15:00Z")]
    public void Day_starts_with_its_first_instant(string zone, int year, int month, int day, string start)
    {
        var window = new CalendarWindow(CalendarUnit.Day, zone);
        var expected = DateTimeOffset.Parse(start, CultureInfo.InvariantCulture);
        Assert.Equal(expected, window.SpanAt(Utc(year, month, day).AddHours(12) - TimeZoneInfo.FindSystemTimeZoneById(zone).GetUtcOffset(Utc(year, month, day).AddHours(12))).Start);
        Assert.Equal(expected, window.SpanAt(expected.AddTicks(-1)).End);
        Assert.Equal(expected, window.SpanAt(expected).Start);
    }

    // Until 2011 clocks in Newfoundland were set back from 0:01 to 23:01, so that the evening came a second time after midnight.
    [Fact]
    public void Evening_that_comes_again_belongs_to_the_day_that_has_begun()
    {
        var window = new CalendarWindow(CalendarUnit.Day, "America/St_Johns");
        var midnight = new DateTimeOffset(2011, 11, 6, 2, 30, 0, TimeSpan.Zero);
        Assert.Equal(midnight, window.SpanAt(midnight.AddMinutes(30)).Start); // 23:30 on the 5th, as clocks show it.
        Assert.Equal(TimeSpan.FromHours(25), window.SpanAt(midnight).Length);
        Assert.Equal(midnight, window.SpanAt(midnight.AddTicks(-1)).End);
    }

    [Fact]
    public void Weeks_are_those_of_iso_8601_unless_another_day_starts_them()
    {
        var (iso, sunday) = (new CalendarWindow(CalendarUnit.Week), new CalendarWindow(CalendarUnit.Week, FirstDayOfWeek: DayOfWeek.Sunday));
        for (var day = Utc(2019, 12, 1); day < Utc(2027, 1, 31); day = day.AddDays(1))
        {
            var monday = ISOWeek.ToDateTime(ISOWeek.GetYear(day.DateTime), ISOWeek.GetWeekOfYear(day.DateTime), DayOfWeek.Monday);
            Assert.Equal(monday, iso.SpanAt(day).Start.DateTime);
            Assert.Equal(DayOfWeek.Sunday, sunday.SpanAt(day).Start.DayOfWeek);
            Assert.InRange((day - sunday.SpanAt(day).Start).Days, 0, 6);
        }
    }

    [Fact]
    public void Month_from_the_31st_is_derived_from_that_day_each_time()
    {
        var window = new AnniversaryWindow(new DateOnly(2026, 1, 31));
        Assert.Equal(
            ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"],
            Walk(window, Utc(2026, 1, 31), Utc(2026, 6, 1)).Select(static start => start.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        Assert.Equal(Utc(2028, 2, 29), window.SpanAt(Utc(2028, 3, 1)).Start);
        Assert.Equal(Utc(2025, 12, 31), window.SpanAt(Utc(2026, 1, 30)).Start); // Before the date too.
    }

    [Fact]
    public void Year_from_a_leap_day_starts_on_the_28th_in_other_years()
    {
        var window = new AnniversaryWindow(new DateOnly(2024, 2, 29), CalendarUnit.Year);
        Assert.Equal(
            [Utc(2024, 2, 29), Utc(2025, 2, 28), Utc(2026, 2, 28), Utc(2027, 2, 28), Utc(2028, 2, 29)],
            Walk(window, Utc(2024, 2, 29), Utc(2028, 12, 31)));
    }

    [Fact]
    public void Weeks_and_days_from_a_date_are_whole()
    {
        Assert.Equal(new(Utc(2026, 7, 1), Utc(2026, 7, 8)), new AnniversaryWindow(new DateOnly(2026, 6, 3), CalendarUnit.Week).SpanAt(Utc(2026, 7, 7)));
        Assert.Equal(new(Utc(2026, 5, 27), Utc(2026, 6, 3)), new AnniversaryWindow(new DateOnly(2026, 6, 3), CalendarUnit.Week).SpanAt(Utc(2026, 6, 2)));
        Assert.Equal(new(Utc(2026, 7, 7), Utc(2026, 7, 8)), new AnniversaryWindow(new DateOnly(2026, 6, 3), CalendarUnit.Day).SpanAt(Utc(2026, 7, 7).AddHours(3)));
    }

    [Fact]
    public void Buckets_of_a_rolling_window_follow_each_other_and_cover_it()
    {
        var window = new RollingWindow(TimeSpan.FromSeconds(10), Buckets: 7);
        var starts = Walk(window, window.SpanAt(Utc(2026, 1, 1)).Start, Utc(2026, 1, 1).AddMinutes(1));
        Assert.True(starts.Count > 40);
        Assert.True(window.SpanAt(starts[0]).Length * 7 >= window.Rolling);
    }

    private static DateTimeOffset Utc(int year, int month, int day) => new(year, month, day, 0, 0, 0, TimeSpan.Zero);

    // The starts of windows, each asked for with instants at both of its ends and in the middle.
    private static List<DateTimeOffset> Walk(QuotaWindow window, DateTimeOffset from, DateTimeOffset to)
    {
        var starts = new List<DateTimeOffset>();
        for (var at = from; at <= to;)
        {
            var span = window.SpanAt(at);
            Assert.Equal(at, span.Start);
            Assert.True(span.End > at);
            Assert.Equal(span, window.SpanAt(span.End.AddTicks(-1)));
            Assert.Equal(span, window.SpanAt(at + (span.Length / 2)));
            starts.Add(at);
            at = span.End;
        }

        return starts;
    }

    // By a clock on the wall that somebody looks at every quarter of an hour: a day starts when its date is shown first.
    private static List<(DateTimeOffset Start, DateTime Date)> DaysOf(TimeZoneInfo zone, int year)
    {
        var (days, latest) = (new List<(DateTimeOffset, DateTime)>(), DateTime.MinValue);
        for (var at = Utc(year, 1, 1).AddDays(-1); at < Utc(year + 1, 1, 10); at += Quarter)
        {
            var date = (at.UtcDateTime + zone.GetUtcOffset(at.UtcDateTime)).Date;
            if (date > latest)
            {
                if (latest != DateTime.MinValue)
                {
                    days.Add((at, date));
                }

                latest = date;
            }
        }

        return days;
    }

    private static List<DateTimeOffset> StartsOf(CalendarUnit unit, List<(DateTimeOffset Start, DateTime Date)> days)
    {
        Func<DateTime, int> number = unit switch
        {
            CalendarUnit.Day => static date => (int)(date.Ticks / TimeSpan.TicksPerDay),
            CalendarUnit.Week => static date => (100 * ISOWeek.GetYear(date)) + ISOWeek.GetWeekOfYear(date),
            CalendarUnit.Month => static date => (12 * date.Year) + date.Month,
            _ => static date => date.Year,
        };
        return [.. days.Skip(1).Zip(days, (day, before) => (day.Start, Differs: number(day.Date) != number(before.Date))).Where(static day => day.Differs).Select(static day => day.Start)];
    }

    private static bool LastOrThirtyFirst(List<(DateTimeOffset Start, DateTime Date)> days, DateTimeOffset start)
    {
        var index = days.FindIndex(day => day.Start == start);

        // Windows that started before the year, or days that a zone left out.
        return index < 0 ? start < days[0].Start : days[index].Date.Day == DateTime.DaysInMonth(days[index].Date.Year, days[index].Date.Month);
    }
}
