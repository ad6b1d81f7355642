using System.Text.Json;

namespace GatewayKit.Auditing.Reading;

/// <summary>One access, its beginning and its end together, or one event. Immutable.</summary>
public sealed record AuditEntry
{
    private JsonElement? _begin;
    private JsonElement? _end;

    /// <summary>The instance that recorded it.</summary>
    public required string Instance { get; init; }

    /// <summary>The boot of the instance.</summary>
    public required Guid Boot { get; init; }

    /// <summary>The line of its beginning, or of the event; <see langword="null"/> if only its end is there.</summary>
    public AuditLine? Begin { get; init; }

    /// <summary>The line of its end; <see langword="null"/> if it has none: it is under way, or nobody knows how it ended.</summary>
    public AuditLine? End { get; init; }

    /// <summary>The name of the event; <see langword="null"/> if it is an access.</summary>
    public string? Event => Text("event");

    /// <summary>When it began, by the wall clock.</summary>
    public DateTimeOffset? Time => Json(Begin, ref _begin) is { } begin ? TimeOf(begin) : Json(End, ref _end) is { } end ? TimeOf(end) - Duration : null;

    /// <summary>How long it took; <see langword="null"/> if it has no end.</summary>
    public TimeSpan? Duration => Number("dur_us") is { } microseconds ? TimeSpan.FromMicroseconds(microseconds) : null;

    /// <summary>The id of the request.</summary>
    public string? RequestId => Text("rid");

    /// <summary>The id of the route.</summary>
    public string? Route => Text("route");

    /// <summary>The id of the consumer.</summary>
    public string? Consumer => Text("sub");

    /// <summary>The status of the answer.</summary>
    public int? Status => (int?)Number("st");

    /// <summary>How it ended, in the word of the record; <c>unknown</c> if it has no end; <see langword="null"/> for an event.</summary>
    public string? Outcome => Event is not null ? null : Text("outcome") ?? "unknown";

    /// <summary>The text of a member, of the end or else of the beginning; <see langword="null"/> if there is none or it is no text.</summary>
    /// <param name="name">Its name in the record, such as <c>keyId</c>.</param>
    public string? Text(string name) => Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>The number that a member is; <see langword="null"/> if there is none or it is no whole number.</summary>
    /// <param name="name">Its name in the record, such as <c>bout</c>.</param>
    public long? Number(string name) => Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    private JsonElement? Member(string name) =>
        Json(End, ref _end) is { } end && end.TryGetProperty(name, out var value) ? value
        : Json(Begin, ref _begin) is { } begin && begin.TryGetProperty(name, out value) ? value : null;

    private static DateTimeOffset? TimeOf(JsonElement line) => line.TryGetProperty("ts", out var time) && time.TryGetDateTimeOffset(out var value) ? value : null;

    private static JsonElement? Json(AuditLine? line, ref JsonElement? parsed)
    {
        if (line is null)
        {
            return null;
        }

        if (parsed is null)
        {
            try
            {
                using var document = JsonDocument.Parse(line.Text);
                parsed = document.RootElement.Clone();
            }
            catch (JsonException)
            {
                // A verification says so; a query goes on.
                parsed = default(JsonElement);
            }
        }

        return parsed is { ValueKind: JsonValueKind.Object } ? parsed : null;
    }
}

/// <summary>A line of a journal, and where it is.</summary>
/// <param name="Segment">The number of the segment in its boot, from 1.</param>
/// <param name="Index">Its place in the segment, from 0.</param>
/// <param name="Sequence">Its number in the boot, from 0.</param>
/// <param name="Text">The line as it is written: JSON.</param>
public sealed record AuditLine(int Segment, long Index, long Sequence, string Text);

/// <summary>A part of what was asked for.</summary>
/// <param name="Entries">The entries: instance by instance, in the order in which they ended.</param>
/// <param name="Next">What the query for the next part has as its cursor; <see langword="null"/> if there is none.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, string? Next);
