using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Access;

/// <summary>A span of time on certain days of the week. Immutable, with value equality.</summary>
public sealed record AccessHours : IValidatableObject
{
    /// <summary>The days on which it begins. Default all.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init => field = ValueList<DayOfWeek>.From(value); } = ValueList<DayOfWeek>.Empty;

    /// <summary>When it begins: the first instant at which clocks show it, or, on a day on which they skip it, that at which they do. Default 00:00.</summary>
    public TimeOnly From { get; init; }

    /// <summary>When it is over: on the next day if it is not later than <see cref="From"/>. Default 00:00, so that a window that names days only is whole days.</summary>
    public TimeOnly To { get; init; }

    /// <summary>The zone whose clocks count, by its IANA name such as <c>Europe/Berlin</c>. Default <c>UTC</c>.</summary>
    public string TimeZone { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "UTC";

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (!ZonedTime.Knows(TimeZone))
        {
            yield return new(ZonedTime.UnknownZone(TimeZone), [nameof(TimeZone)]);
        }

        if (Days.Distinct().Count() != Days.Count)
        {
            yield return new("Days has a day twice. Remove one.", [nameof(Days)]);
        }
    }
}
