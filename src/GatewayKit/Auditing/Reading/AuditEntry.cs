using System.Buffers;
using System.Text;
using System.Text.Json;

namespace GatewayKit.Auditing.Reading;

/// <summary>One access, its beginning and its end together, or one event. Immutable.</summary>
public sealed record AuditEntry
{
    private JsonElement? _begin;
    private JsonElement? _end;
    private JsonElement? _beginPersonal;
    private JsonElement? _endPersonal;

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
    public DateTimeOffset? Time => Json(Begin?.Text, ref _begin) is { } begin ? TimeOf(begin) : Json(End?.Text, ref _end) is { } end ? TimeOf(end) - Duration : null;

    /// <summary>How long it took; <see langword="null"/> if it has no end.</summary>
    public TimeSpan? Duration => Number("dur_us") is { } microseconds ? TimeSpan.FromMicroseconds(microseconds) : null;

    /// <summary>The id of the request.</summary>
    public string? RequestId => Text("rid");

    /// <summary>The id of the route.</summary>
    public string? Route => Text("route");

    /// <summary>The id of the consumer, as it is recorded: a pseudonym, or nothing where it is encrypted, unless its personal part is known.</summary>
    public string? Consumer => Text("sub");

    /// <summary>The status of the answer.</summary>
    public int? Status => (int?)Number("st");

    /// <summary>How it ended, in the word of the record; <c>unknown</c> if it has no end; <see langword="null"/> for an event.</summary>
    public string? Outcome => Event is not null ? null : Text("outcome") ?? "unknown";

    /// <summary>The text of a member, of the end or else of the beginning, of their personal parts first if they are known; <see langword="null"/> if there is none or it is no text.</summary>
    /// <param name="name">Its name in the record, such as <c>keyId</c>.</param>
    public string? Text(string name) => Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>The number that a member is; <see langword="null"/> if there is none or it is no whole number.</summary>
    /// <param name="name">Its name in the record, such as <c>bout</c>.</param>
    public long? Number(string name) => Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    private JsonElement? Member(string name) =>
        Json(End?.Personal, ref _endPersonal) is { } endPart && endPart.TryGetProperty(name, out var value) ? value
        : Json(Begin?.Personal, ref _beginPersonal) is { } beginPart && beginPart.TryGetProperty(name, out value) ? value
        : Json(End?.Text, ref _end) is { } end && end.TryGetProperty(name, out value) ? value
        : Json(Begin?.Text, ref _begin) is { } begin && begin.TryGetProperty(name, out value) ? value : null;

    private static DateTimeOffset? TimeOf(JsonElement line) => line.TryGetProperty("ts", out var time) && time.TryGetDateTimeOffset(out var value) ? value : null;

    private static JsonElement? Json(string? text, ref JsonElement? parsed)
    {
        if (text is null)
        {
            return null;
        }

        if (parsed is null)
        {
            try
            {
                using var document = JsonDocument.Parse(text);
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
public sealed record AuditLine(int Segment, long Index, long Sequence, string Text)
{
    /// <summary>What its personal part says, a JSON object; <see langword="null"/> if it has none, nobody has asked for it (<see cref="AuditQuery.PersonalData"/>), or it cannot be read.</summary>
    public string? Personal { get; init; }

    /// <summary>The line with <see cref="Personal"/> in place of what is encrypted (<c>p</c>), if it is known. It is no longer what was written: hashes and proofs go by <see cref="Text"/>.</summary>
    public string ToRevealedText()
    {
        if (Personal is null)
        {
            return Text;
        }

        var output = new ArrayBufferWriter<byte>();
        using var line = JsonDocument.Parse(Text);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            foreach (var member in line.RootElement.EnumerateObject())
            {
                if (member.NameEquals("p"u8))
                {
                    json.WritePropertyName("p"u8);
                    json.WriteRawValue(Personal);
                }
                else
                {
                    member.WriteTo(json);
                }
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}

/// <summary>A part of what was asked for.</summary>
/// <param name="Entries">The entries: instance by instance, in the order in which they ended.</param>
/// <param name="Next">What the query for the next part has as its cursor; <see langword="null"/> if there is none.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, string? Next)
{
    /// <summary>
    /// Whether accesses were passed over because who called is a pseudonym in them or encrypted, so that nobody can tell whether it is <see cref="AuditQuery.Consumer"/>; ask by <see cref="AuditQuery.Subjects"/>. Among them are those
    /// of nobody in particular where something else is encrypted.
    /// </summary>
    public bool HasConcealed { get; init; }

    /// <summary>How many personal parts could not be read, although <see cref="AuditQuery.PersonalData"/> asks for it: their keys were erased or are not to be had, or they are not what was written.</summary>
    public long Unread { get; init; }
}
