using System.Globalization;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>Days, weeks, months or years of the calendar.</summary>
/// <param name="Calendar">The unit.</param>
/// <param name="TimeZone">
/// The zone whose midnights count, by its IANA name such as <c>Europe/Berlin</c>. Default <c>UTC</c>. A day without midnight starts with its
/// first instant, and one with two of them with the first.
/// </param>
/// <param name="FirstDayOfWeek">The day that weeks start with. Default Monday, as in ISO 8601.</param>
public sealed record CalendarWindow(CalendarUnit Calendar, string TimeZone = "UTC", DayOfWeek FirstDayOfWeek = DayOfWeek.Monday) : QuotaWindow
{
    internal override string DefaultName => NameOf(Calendar);

    internal override TimeSpan NominalLength => LengthOf(Calendar);

    internal override string Identity => string.Create(CultureInfo.InvariantCulture, $"calendar {Calendar} {TimeZone} {(Calendar is CalendarUnit.Week ? FirstDayOfWeek : DayOfWeek.Monday)}");

    internal override IEnumerable<string> Errors => ZonedTime.Knows(TimeZone) ? [] : [ZonedTime.UnknownZone(TimeZone)];

    /// <inheritdoc/>
    public override QuotaSpan SpanAt(DateTimeOffset instant)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(TimeZone);
        var first = FirstDay(ZonedTime.LocalAt(zone, instant).Date);
        return ZonedCalendar.Around(zone, instant, guess: 0, number => ZonedCalendar.Add(first, Calendar, number));
    }

    private DateTime FirstDay(DateTime date) => Calendar switch
    {
        CalendarUnit.Day => date,
        CalendarUnit.Week => date.AddDays(-((7 + (int)date.DayOfWeek - (int)FirstDayOfWeek) % 7)),
        CalendarUnit.Month => new(date.Year, date.Month, 1),
        _ => new(date.Year, 1, 1),
    };
}
