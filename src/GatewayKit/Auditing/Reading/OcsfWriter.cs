using System.Buffers;
using System.Text.Json;

namespace GatewayKit.Auditing.Reading;

/// <summary>Writes entries as events of the class API Activity of the Open Cybersecurity Schema Framework (schema.ocsf.io, version 1.3), one JSON object a line. What it has no place for is unmapped.</summary>
internal sealed class OcsfWriter(Stream output) : EntryWriter(output)
{
    private const int ApplicationActivity = 6;
    private const int ApiActivity = 6003;
    private const int Other = 99;
    private const int Informational = 1;
    private const int Success = 1;
    private const int Failure = 2;

    private readonly ArrayBufferWriter<byte> _line = new();

    public override async ValueTask WriteAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        _line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_line))
        {
            Write(json, entry);
        }

        _line.Write("\n"u8);
        await Output.WriteAsync(_line.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter json, AuditEntry entry)
    {
        var activity = entry.Text("m") switch { "POST" => 1, "GET" or "HEAD" => 2, "PUT" or "PATCH" => 3, "DELETE" => 4, _ => Other };
        json.WriteStartObject();
        json.WriteNumber("category_uid"u8, ApplicationActivity);
        json.WriteNumber("class_uid"u8, ApiActivity);
        json.WriteNumber("activity_id"u8, activity);
        json.WriteNumber("type_uid"u8, (ApiActivity * 100L) + activity);
        json.WriteNumber("severity_id"u8, Informational);
        if (entry.Time is { } time)
        {
            json.WriteNumber("time"u8, time.ToUnixTimeMilliseconds());
        }

        Number(json, "duration"u8, entry.Number("dur_us") / 1_000);
        json.WriteNumber("status_id"u8, entry.Outcome switch { "ok" => Success, null or "unknown" => 0, _ => Failure });
        Text(json, "status_code"u8, entry.Status?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Text(json, "status_detail"u8, entry.Text("err") ?? entry.Outcome);
        WriteMetadata(json, entry);
        json.WriteStartObject("api"u8);
        json.WriteString("operation"u8, entry.Event ?? $"{entry.Text("m")} {entry.Text("path")}");
        Nested(json, "service"u8, "name"u8, entry.Route);
        Nested(json, "request"u8, "uid"u8, entry.RequestId);
        json.WriteEndObject();
        WriteActor(json, entry);
        WriteRequest(json, entry);
        WriteSource(json, entry);
        Nested(json, "dst_endpoint"u8, "name"u8, entry.Text("cluster"));
        if (entry.Number("bin") is not null || entry.Number("bout") is not null)
        {
            json.WriteStartObject("traffic"u8);
            Number(json, "bytes_in"u8, entry.Number("bin"));
            Number(json, "bytes_out"u8, entry.Number("bout"));
            json.WriteEndObject();
        }

        if ((entry.Outcome ?? entry.Text("plan") ?? entry.Text("app")) is not null)
        {
            json.WriteStartObject("unmapped"u8);
            Text(json, "outcome"u8, entry.Outcome);
            Text(json, "plan"u8, entry.Text("plan"));
            Text(json, "app"u8, entry.Text("app"));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    // Of objects that are there the schema requires something: empty ones are none.
    private static void WriteActor(Utf8JsonWriter json, AuditEntry entry)
    {
        if ((entry.Consumer ?? entry.Text("keyId")) is not null)
        {
            json.WriteStartObject("actor"u8);
            Nested(json, "user"u8, "uid"u8, entry.Consumer);
            Nested(json, "session"u8, "credential_uid"u8, entry.Text("keyId"));
            json.WriteEndObject();
        }
    }

    private static void WriteRequest(Utf8JsonWriter json, AuditEntry entry)
    {
        var (host, path) = (entry.Text("host"), entry.Text("path"));
        if ((entry.Text("m") ?? entry.Text("ua") ?? host ?? path) is null)
        {
            return;
        }

        json.WriteStartObject("http_request"u8);
        Text(json, "http_method"u8, entry.Text("m"));
        Text(json, "user_agent"u8, entry.Text("ua"));
        if ((host ?? path) is not null)
        {
            json.WriteStartObject("url"u8);
            Text(json, "hostname"u8, host);
            Text(json, "path"u8, path);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter json, AuditEntry entry)
    {
        if (entry.Text("src") is not { } source)
        {
            return;
        }

        json.WriteStartObject("src_endpoint"u8);
        json.WriteString("ip"u8, source);
        if (entry.Text("peer") is { } peer)
        {
            json.WriteStartArray("intermediate_ips"u8);
            json.WriteStringValue(peer);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter json, AuditEntry entry)
    {
        var sequence = (entry.Begin ?? entry.End)!.Sequence;
        json.WriteStartObject("metadata"u8);
        json.WriteString("version"u8, "1.3.0"u8);
        json.WriteStartObject("product"u8);
        json.WriteString("name"u8, "GatewayKit"u8);
        json.WriteString("vendor_name"u8, "GatewayKit"u8);
        json.WriteEndObject();
        json.WriteString("uid"u8, $"{entry.Instance}/{entry.Boot:D}/{sequence}");
        json.WriteNumber("sequence"u8, sequence);
        Text(json, "correlation_uid"u8, entry.Text("trace"));
        json.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void Nested(Utf8JsonWriter json, ReadOnlySpan<byte> outer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteStartObject(outer);
            json.WriteString(name, value);
            json.WriteEndObject();
        }
    }
}
