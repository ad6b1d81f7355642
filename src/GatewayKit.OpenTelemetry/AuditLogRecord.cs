using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Shipping;
using Microsoft.Extensions.Logging;

namespace GatewayKit.OpenTelemetry;

/// <summary>A line of the journal, or a checkpoint, as a log record: the line itself, and what it says in attributes, to be searched.</summary>
internal sealed class AuditLogRecord
{
    // Invalid bytes would be others when they come back.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private AuditLogRecord(JsonElement line, string body, string uid, string boot)
    {
        Body = body;
        Time = line.GetProperty("ts").GetDateTimeOffset().UtcDateTime;
        EventName = EventNameOf(line);
        Level = LevelOf(line);
        if (Text(line, "trace") is { Length: 32 } trace && Text(line, "span") is { Length: 16 } span && IsHex(trace) && IsHex(span))
        {
            (TraceId, SpanId) = (ActivityTraceId.CreateFromString(trace), ActivitySpanId.CreateFromString(span));
        }

        // In front: where a host limits how many attributes a record has, these are the last to go.
        Attributes.Add(new("log.record.uid", uid));
        Attributes.Add(new("gatewaykit.boot", boot));
        AuditAttributes.Add(Attributes, line);
    }

    /// <summary>When it happened, by the wall clock of the gateway.</summary>
    public DateTime Time { get; }

    /// <summary>What it is: <c>gatewaykit.audit.begin</c>, or by the name of an event.</summary>
    public string EventName { get; }

    /// <summary>How bad it is.</summary>
    public LogLevel Level { get; }

    /// <summary>The trace it belongs to; none if the line names none.</summary>
    public ActivityTraceId TraceId { get; }

    /// <summary>The span in it.</summary>
    public ActivitySpanId SpanId { get; }

    /// <summary>The line as it was written: whoever keeps it can verify it.</summary>
    public string Body { get; }

    /// <summary>What the line says.</summary>
    public List<KeyValuePair<string, object?>> Attributes { get; } = new(24);

    /// <summary>Takes a record apart.</summary>
    /// <param name="batch">Where it is from.</param>
    /// <param name="record">The record.</param>
    /// <param name="fault">Why it cannot be a log record.</param>
    public static AuditLogRecord? TryRead(AuditBatch batch, in AuditRecord record, out string fault) =>
        TryRead(batch, record.Line, string.Create(CultureInfo.InvariantCulture, $"{batch.Instance}/{batch.Boot:D}/{record.Sequence}"), out fault);

    /// <summary>Takes a checkpoint apart.</summary>
    /// <param name="batch">Where it is from.</param>
    /// <param name="line">The checkpoint.</param>
    /// <param name="fault">Why it cannot be a log record.</param>
    public static AuditLogRecord? TryReadCheckpoint(AuditBatch batch, ReadOnlyMemory<byte> line, out string fault) => TryRead(batch, line, uid: null, out fault);

    private static AuditLogRecord? TryRead(AuditBatch batch, ReadOnlyMemory<byte> line, string? uid, out string fault)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            fault = string.Empty;

            // Nothing but its signature names a checkpoint: an idle journal says the same of the same line again.
            return new(json.RootElement, Strict.GetString(line.Span), uid ?? $"{batch.Instance}/{batch.Boot:D}/{json.RootElement.GetProperty("sig").GetString()}", batch.Boot.ToString("D"));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            fault = exception switch
            {
                JsonException => "not JSON",
                DecoderFallbackException => "not UTF-8",
                KeyNotFoundException => "no time, or no signature",
                _ => "no text or no time that can be read",
            };
            return null;
        }
    }

    private static string EventNameOf(JsonElement line)
    {
        var kind = Text(line, "kind");
        var name = kind is "event" ? Text(line, "event") ?? kind : kind ?? "record";
        return name.StartsWith("audit.", StringComparison.Ordinal) ? $"{AuditAttributes.Prefix}{name["audit".Length..]}" : $"{AuditAttributes.Prefix}.{name}";
    }

    private static LogLevel LevelOf(JsonElement line) => Text(line, "event") switch
    {
        "integrity_violation" => LogLevel.Critical,
        "audit.degraded" or "audit.lost" or "audit.void" => LogLevel.Error,
        "clock_step" or "config.rejected" or "crash_report" or "protocol_reject" => LogLevel.Warning,
        _ => Text(line, "outcome") switch
        {
            "error" or "timeout" or "truncated" or "unknown" or "upstream_error" => LogLevel.Error,
            "denied" or "throttled" => LogLevel.Warning,
            _ => LogLevel.Information,
        },
    };

    private static bool IsHex(string id) => id.All(char.IsAsciiHexDigitLower) && id.Any(static c => c is not '0');

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
