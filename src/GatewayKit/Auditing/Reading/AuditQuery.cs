using System.Globalization;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;

namespace GatewayKit.Auditing.Reading;

/// <summary>Which accesses are asked for. What is not said does not matter.</summary>
public sealed record AuditQuery
{
    private const string Subject = "sub";

    /// <summary>The earliest time at which a request began.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The time before which it began, not before <see cref="From"/>.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The id of the consumer, as it is recorded (<c>sub</c>).</summary>
    public string? Consumer { get; init; }

    /// <summary>
    /// Names that records may have a consumer by, as <c>AuditCustody.SubjectsOfAsync()</c> and <c>AuditCustodian.SubjectsOfAsync()</c> find them: what stands in <c>sub</c> or, where who called is encrypted, in <c>pk</c>. Asked for is
    /// whoever has one of them, or is <see cref="Consumer"/>. Default none.
    /// </summary>
    public IReadOnlyList<string> Subjects { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// Reads the personal parts of what is asked for, with the keys: entries then have what is in them as if it stood in the record, and the record of the reading says so (<c>revealed</c>). Default <see langword="null"/>: they stay encrypted.
    /// </summary>
    public AuditPersonalData? PersonalData { get; init; }

    /// <summary>The id of the route (<c>route</c>).</summary>
    public string? Route { get; init; }

    /// <summary>
    /// How it ended, in the word of the record: <c>ok</c>, <c>denied</c>, <c>throttled</c>, <c>unmatched</c>, <c>upstream_error</c>, <c>timeout</c>, <c>truncated</c>, <c>client_aborted</c> or <c>error</c>; <c>unknown</c> if it has no end.
    /// </summary>
    public string? Outcome { get; init; }

    /// <summary>The id of the request (<c>rid</c>).</summary>
    public string? RequestId { get; init; }

    /// <summary>The tenant (<c>tenant</c>). Records that name none are those of nobody, and no answer to this.</summary>
    public string? Tenant { get; init; }

    /// <summary>The instance, one that the journal has.</summary>
    public string? Instance { get; init; }

    /// <summary>Whether events of the journal are told too, such as its starts. They have no consumer, route or outcome. Default <see langword="false"/>.</summary>
    public bool IncludeEvents { get; init; }

    /// <summary>How many entries a page has at most, 1 to 10,000. Default 100. An export has no pages.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>Where the page before ended: its <see cref="AuditPage.Next"/>. Default: at the beginning.</summary>
    public string? Cursor { get; init; }

    // What answers nothing because of how it is asked is no answer.
    internal void CheckFilters(JournalFolder folder)
    {
        if (Outcome is { } outcome && !AuditOutcome.All.Contains(outcome))
        {
            throw new ArgumentException($"Outcome is '{outcome}'; it must be one of {string.Join(", ", AuditOutcome.All)}.");
        }

        if (From > To)
        {
            throw new ArgumentException($"From is {Text(From)}, behind To, which is {Text(To)}: nothing lies between them.");
        }

        if (Instance is { } instance && folder.Instances.All(one => one.Name != instance))
        {
            throw new ArgumentException($"Instance is '{instance}', which the journal does not have; it has {string.Join(", ", folder.Instances.Select(static one => one.Name).DefaultIfEmpty("none"))}.");
        }
    }

    internal void CheckPages()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PageSize, 1, nameof(PageSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PageSize, 10_000, nameof(PageSize));
    }

    /// <summary>What a record of the reading says.</summary>
    /// <param name="namesConsumers">Whether it may name whom somebody has asked for; of several names some are never anything but the person's.</param>
    internal IEnumerable<(string Name, string? Value)> Filters(bool namesConsumers)
    {
        (string Name, string? Value)[] all =
        [
            ("from", Text(From)), ("to", Text(To)), (Subject, Consumer), ("route", Route), ("outcome", Outcome), ("rid", RequestId), ("tenant", Tenant), ("inst", Instance),
        ];
        return all.Where(one => one.Value is not null || (one.Name is Subject && Subjects.Count > 0))
            .Select(one => one.Name is Subject && !(namesConsumers && Subjects.Count is 0) ? (one.Name, null) : one);
    }

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
