using System.Buffers;
using System.Text.Json;

namespace GatewayKit.Throttling.Replay;

/// <summary>What one line says: a record, what is wrong, or nothing.</summary>
internal readonly record struct AccessLine(AccessRecord? Record, string? Fault)
{
    private static readonly string[] Fields = [.. AccessRecordJson.Default.AccessRecord.Properties.Select(static property => property.Name)];

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    public static AccessLine Parse(in ReadOnlySequence<byte> line, bool isFirst)
    {
        var text = isFirst && StartsWithMark(line) ? line.Slice(ByteOrderMark.Length) : line;
        if (IsBlank(text))
        {
            return default;
        }

        try
        {
            var reader = new Utf8JsonReader(text);
            var record = JsonSerializer.Deserialize(ref reader, AccessRecordJson.Default.AccessRecord);
            return record is null ? new(null, "it is null")
                : reader.Read() ? new(null, "something follows the object")
                : record.Fault is { } fault ? new(null, fault)
                : new(record, null);
        }
        catch (JsonException exception)
        {
            // The message may quote values, and the path names that somebody made up: lines of a log have addresses and keys in them.
            return new(null, FieldOf(exception.Path) is { } field ? $"not a record, because of {field}" : "not an object with a time");
        }
    }

    private static string? FieldOf(string? path)
    {
        var end = path is null ? -1 : path.AsSpan(Math.Min(2, path.Length)).IndexOfAny('.', '[');
        var field = path is not { Length: > 2 } ? null : end < 0 ? path[2..] : path[2..(2 + end)];
        return Array.Exists(Fields, known => known == field) ? field : null;
    }

    private static bool StartsWithMark(in ReadOnlySequence<byte> line)
    {
        Span<byte> start = stackalloc byte[3];
        line.Slice(0, Math.Min(line.Length, start.Length)).CopyTo(start);
        return start.SequenceEqual(ByteOrderMark);
    }

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return false;
            }
        }

        return true;
    }
}
