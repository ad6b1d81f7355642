using System.Globalization;

namespace GatewayKit.Auditing.Reading;

/// <summary>Which accesses are asked for. What is not said does not matter.</summary>
public sealed record AuditQuery
{
    /// <summary>The earliest time at which a request began.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The time before which it began.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The id of the consumer, as it is recorded (<c>sub</c>).</summary>
    public string? Consumer { get; init; }

    /// <summary>The id of the route (<c>route</c>).</summary>
    public string? Route { get; init; }

    /// <summary>How it ended, in the word of the record, such as <c>denied</c>; <c>unknown</c> if it has no end.</summary>
    public string? Outcome { get; init; }

    /// <summary>The id of the request (<c>rid</c>).</summary>
    public string? RequestId { get; init; }

    /// <summary>The tenant (<c>tenant</c>). Records that name none are those of nobody, and no answer to this.</summary>
    public string? Tenant { get; init; }

    /// <summary>The instance.</summary>
    public string? Instance { get; init; }

    /// <summary>Whether events of the journal are told too, such as its starts. They have no consumer, route or outcome. Default <see langword="false"/>.</summary>
    public bool IncludeEvents { get; init; }

    /// <summary>How many entries a page has at most, 1 to 10,000. Default 100. An export has no pages.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>Where the page before ended: its <see cref="AuditPage.Next"/>. Default: at the beginning.</summary>
    public string? Cursor { get; init; }

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PageSize, 1, nameof(PageSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PageSize, 10_000, nameof(PageSize));
    }

    // What a record of the reading says.
    internal IEnumerable<(string Name, string Value)> Filters()
    {
        (string Name, string? Value)[] all =
        [
            ("from", Text(From)), ("to", Text(To)), ("sub", Consumer), ("route", Route), ("outcome", Outcome), ("rid", RequestId), ("tenant", Tenant), ("inst", Instance),
        ];
        return all.Where(static one => one.Value is not null).Select(static one => (one.Name, one.Value!));
    }

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
