using System.Globalization;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>From one return of a date to the next, such as a month from the day of the contract.</summary>
/// <param name="Anniversary">
/// The date; windows reach back before it too. Each window is derived from this day: from 31 January, months start on 28 February and on 31 March.
/// </param>
/// <param name="Every">How often it returns. Default every month.</param>
/// <param name="TimeZone">The zone whose midnights count, by its IANA name such as <c>Europe/Berlin</c>. Default <c>UTC</c>.</param>
public sealed record AnniversaryWindow(DateOnly Anniversary, CalendarUnit Every = CalendarUnit.Month, string TimeZone = "UTC") : QuotaWindow
{
    private const int FirstYear = 1900;
    private const int LastYear = 2200;

    internal override string DefaultName => NameOf(Every);

    internal override TimeSpan NominalLength => LengthOf(Every);

    internal override string Identity => string.Create(CultureInfo.InvariantCulture, $"anniversary {Anniversary:O} {Every} {TimeZone}");

    internal override IEnumerable<string> Errors
    {
        get
        {
            if (!ZonedTime.Knows(TimeZone))
            {
                yield return ZonedTime.UnknownZone(TimeZone);
            }

            if (Anniversary.Year is < FirstYear or > LastYear)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"Anniversary is {Anniversary:O}; its year must be from {FirstYear} to {LastYear}.");
            }
        }
    }

    /// <inheritdoc/>
    public override QuotaSpan SpanAt(DateTimeOffset instant)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(TimeZone);
        var (from, date) = (Anniversary.ToDateTime(TimeOnly.MinValue), ZonedTime.LocalAt(zone, instant));
        var guess = Every switch
        {
            CalendarUnit.Day => (date - from).Days,
            CalendarUnit.Week => (date - from).Days / 7,
            CalendarUnit.Month => (12 * (date.Year - from.Year)) + date.Month - from.Month,
            _ => date.Year - from.Year,
        };
        return ZonedCalendar.Around(zone, instant, guess, number => ZonedCalendar.Add(from, Every, number));
    }
}
