using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;

namespace GatewayKit.Auditing.Reading;

/// <summary>Whether lines are asked for, without parsing those that are not.</summary>
internal sealed class EntryFilter(AuditQuery query)
{
    private readonly byte[]? _consumer = Encoded(query.Consumer);
    private readonly byte[][] _subjects = [.. query.Subjects.Select(static name => Encoded(name)!)];
    private readonly byte[]? _route = Encoded(query.Route);
    private readonly byte[]? _outcome = Encoded(query.Outcome);
    private readonly byte[]? _request = Encoded(query.RequestId);
    private readonly byte[]? _tenant = Encoded(query.Tenant);

    /// <summary>Whether accesses were passed over that do not say in the clear who called, and the query does not know by which other names.</summary>
    public bool HasConcealed { get; private set; }

    /// <summary>Whether a beginning is asked for, as far as it says.</summary>
    public bool MatchesBegin(ReadOnlySpan<byte> line) => MatchesTime(Time(line)) && MatchesNames(line);

    /// <summary>Whether an end is asked for whose beginning is not there.</summary>
    public bool MatchesLoneEnd(ReadOnlySpan<byte> line) => MatchesTime(Time(line) - Duration(line)) && MatchesNames(line) && MatchesOutcome(LineFields.Text(line, ",\"outcome\":\""u8));

    /// <summary>Whether an end is the one that is asked for.</summary>
    public bool MatchesEnd(ReadOnlySpan<byte> line) => MatchesOutcome(LineFields.Text(line, ",\"outcome\":\""u8));

    /// <summary>Whether requests without an end are asked for.</summary>
    public bool MatchesUnknownEnd => MatchesOutcome("unknown"u8);

    /// <summary>Whether an event is asked for.</summary>
    public bool MatchesEvent(ReadOnlySpan<byte> line) =>
        query.IncludeEvents && query is { Consumer: null, Subjects: [], Route: null, Outcome: null } && Matches(_request, line, ",\"rid\":\""u8) && Matches(_tenant, line, ",\"tenant\":\""u8) && MatchesTime(Time(line));

    private bool MatchesNames(ReadOnlySpan<byte> line) =>
        Matches(_route, line, ",\"route\":\""u8) && Matches(_request, line, ",\"rid\":\""u8) && Matches(_tenant, line, ",\"tenant\":\""u8) && MatchesConsumer(line);

    private bool MatchesConsumer(ReadOnlySpan<byte> line)
    {
        if (_consumer is null && _subjects.Length is 0)
        {
            return true;
        }

        ReadOnlySpan<byte> name = LineFields.Text(line, ",\"sub\":\""u8), key = LineFields.Text(line, ",\"pk\":\""u8);
        if ((_consumer is not null && name.SequenceEqual(_consumer)) || IsOneOf(_subjects, name) || IsOneOf(_subjects, key))
        {
            return true;
        }

        HasConcealed |= _subjects.Length is 0 && (name.IsEmpty ? !key.IsEmpty : PseudonymKey.IsPseudonym(name));
        return false;
    }

    private static bool IsOneOf(byte[][] names, ReadOnlySpan<byte> name)
    {
        foreach (var one in names)
        {
            if (name.SequenceEqual(one))
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesOutcome(ReadOnlySpan<byte> outcome) => _outcome is null || outcome.SequenceEqual(_outcome);

    private bool MatchesTime(DateTimeOffset? time) => (query.From is null && query.To is null) || (time is { } known && !(known < query.From) && !(known >= query.To));

    private static bool Matches(byte[]? wanted, ReadOnlySpan<byte> line, ReadOnlySpan<byte> key) => wanted is null || LineFields.Text(line, key).SequenceEqual(wanted);

    private static DateTimeOffset? Time(ReadOnlySpan<byte> line) => EventCheck.Time(LineFields.Text(line, ",\"ts\":\""u8));

    private static TimeSpan Duration(ReadOnlySpan<byte> line) =>
        LineFields.Number(line, ",\"dur_us\":"u8) is { } microseconds ? TimeSpan.FromMicroseconds(microseconds) : TimeSpan.Zero;

    // As records have it.
    private static byte[]? Encoded(string? text) => text is null ? null : RecordText.ValueOf(text);
}
