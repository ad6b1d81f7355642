namespace GatewayKit.Throttling.Quotas;

/// <summary>A unit of the calendar.</summary>
public enum CalendarUnit
{
    /// <summary>From midnight to midnight: 23 to 25 hours where clocks are changed.</summary>
    Day,

    /// <summary>Seven days.</summary>
    Week,

    /// <summary>28 to 31 days.</summary>
    Month,

    /// <summary>365 or 366 days.</summary>
    Year,
}
