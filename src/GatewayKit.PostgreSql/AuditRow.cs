using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Shipping;

namespace GatewayKit.PostgreSql;

/// <summary>A line as the database has it: the line itself, and what it says in columns, to be searched.</summary>
internal sealed record AuditRow
{
    // Invalid bytes would be others when they come back.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public required long Sequence { get; init; }

    public required DateTime Time { get; init; }

    public required string Kind { get; init; }

    public string? Event { get; init; }

    public string? RequestId { get; init; }

    public string? Route { get; init; }

    public string? Consumer { get; init; }

    public int? Status { get; init; }

    public string? Outcome { get; init; }

    public required string Hash { get; init; }

    public required string Line { get; init; }

    /// <summary>The partition: the day by UTC.</summary>
    public DateOnly Day => DateOnly.FromDateTime(Time);

    /// <summary>Takes a record apart.</summary>
    /// <param name="record">The record.</param>
    /// <param name="fault">Why it cannot be a row.</param>
    public static AuditRow? TryRead(in AuditRecord record, out string fault)
    {
        try
        {
            using var json = JsonDocument.Parse(record.Line);
            var root = json.RootElement;
            fault = string.Empty;
            return new()
            {
                Sequence = record.Sequence,
                Time = Microseconds(root.GetProperty("ts").GetDateTimeOffset()),
                Kind = record.Kind,
                Event = Text(root, "event"),
                RequestId = Text(root, "rid"),
                Route = Text(root, "route"),
                Consumer = Text(root, "sub"),
                Status = root.TryGetProperty("st", out var status) && status.TryGetInt32(out var number) ? number : null,
                Outcome = Text(root, "outcome"),
                Hash = record.Hash,
                Line = Strict.GetString(record.Line.Span),
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            fault = exception switch
            {
                JsonException => "not JSON",
                DecoderFallbackException => "not UTF-8",
                _ => "no time that can be read",
            };
            return null;
        }
    }

    // The database has no finer ones.
    private static DateTime Microseconds(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), DateTimeKind.Utc);

    // The database has no character 0.
    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString()!.Replace('\0', '\uFFFD') : null;
}
