using GatewayKit.Auditing.Records;

namespace GatewayKit.Auditing.Custody;

/// <summary>A legal hold: what it touches stays in the journal, and the keys of whom it touches are not erased, until it is released. What is not said touches everything. Immutable.</summary>
public sealed record AuditHold
{
    /// <summary>The id, given when it is set.</summary>
    public string Id { get; init; } = string.Empty;

    /// <summary>From when on, by the time of lines. Default: from the beginning.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before when. Default: for all time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Whose records: names as records have them in <c>sub</c>, ids or pseudonyms, and ids of keys as in <c>pk</c>. Default: everybody's.</summary>
    public IReadOnlyList<string> Subjects { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The id of the route. Default: every route.</summary>
    public string? Route { get; init; }

    /// <summary>Why, such as the reference of a case. Not of a person: it is in the journal.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was set.</summary>
    public DateTimeOffset SetAt { get; init; }

    /// <summary>Whether it touches somebody's records, whenever and whatever they are of.</summary>
    internal bool Touches(IEnumerable<string> subjects) => Subjects.Count is 0 || subjects.Any(subject => Subjects.Any(held => RecordText.ValueOf(held).AsSpan().SequenceEqual(RecordText.ValueOf(subject))));
}
