using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// The time that a quota is counted over: an immutable record with value equality. In JSON it is the object with the key of its kind, such as
/// <c>{ "Calendar": "Month", "TimeZone": "Europe/Berlin" }</c>.
/// </summary>
[ConfigurationCase(typeof(CalendarWindow))]
[ConfigurationCase(typeof(AnniversaryWindow))]
[ConfigurationCase(typeof(RollingWindow))]
[ConfigurationCase(typeof(FirstUseWindow))]
[ConfigurationCase(typeof(LifetimeWindow))]
public abstract record QuotaWindow
{
    private protected QuotaWindow()
    {
    }

    /// <summary>
    /// The window that an instant is in: every instant is in exactly one. Of a <see cref="RollingWindow"/>, the bucket that the instant is
    /// in; of a <see cref="FirstUseWindow"/>, the window of a request that is the first.
    /// </summary>
    /// <exception cref="TimeZoneNotFoundException">There is no such time zone.</exception>
    public abstract QuotaSpan SpanAt(DateTimeOffset instant);

    /// <summary>What a quota with this window is called if it has no name of its own.</summary>
    internal abstract string DefaultName { get; }

    /// <summary>How long it is, by the calendar on average; the longest possible span if it has no end.</summary>
    internal abstract TimeSpan NominalLength { get; }

    /// <summary>What tells the states of two windows apart: settings, in a form that stays the same over versions and restarts.</summary>
    internal abstract string Identity { get; }

    /// <summary>What is wrong with it, in sentences.</summary>
    internal abstract IEnumerable<string> Errors { get; }

    /// <summary>What clients know a unit of the calendar by.</summary>
    private protected static string NameOf(CalendarUnit unit) => unit switch
    {
        CalendarUnit.Day => "day",
        CalendarUnit.Week => "week",
        CalendarUnit.Month => "month",
        _ => "year",
    };

    /// <summary>The average length of a unit of the calendar.</summary>
    private protected static TimeSpan LengthOf(CalendarUnit unit) => TimeSpan.FromDays(unit switch
    {
        CalendarUnit.Day => 1,
        CalendarUnit.Week => 7,
        CalendarUnit.Month => 30,
        _ => 365,
    });
}
