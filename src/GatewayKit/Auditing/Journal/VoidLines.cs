using System.Collections.Frozen;
using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>Lines of segments that were given up which do not count, as an event <c>audit.void</c> says: their requests were refused after all.</summary>
internal static class VoidLines
{
    public const string Event = "audit.void";

    /// <summary>Writes what the event says.</summary>
    /// <param name="json">The event.</param>
    /// <param name="numbers">The numbers of the lines: all that a request was written under, since nobody knows which of them are there.</param>
    public static void Write(Utf8JsonWriter json, IEnumerable<long> numbers)
    {
        json.WriteStartArray("seqs"u8);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    /// <summary>The numbers of these lines; none if the line is no such event.</summary>
    public static IReadOnlySet<long> Read(ReadOnlySpan<byte> line)
    {
        if (line.IndexOf("audit.void"u8) < 0)
        {
            return FrozenSet<long>.Empty;
        }

        try
        {
            using var json = JsonDocument.Parse(line.ToArray());
            return json.RootElement.GetProperty("event").GetString() is Event
                ? json.RootElement.GetProperty("seqs").EnumerateArray().Select(static seq => seq.GetInt64()).ToHashSet()
                : FrozenSet<long>.Empty;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return FrozenSet<long>.Empty;
        }
    }
}
