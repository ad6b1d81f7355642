using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.OpenTelemetry;

/// <summary>
/// What the members of a line are called as attributes: by the semantic conventions of OpenTelemetry where these have a name, as on the gateway's metrics where those do, and otherwise
/// <c>gatewaykit.audit</c> and their own.
/// </summary>
internal static class AuditAttributes
{
    /// <summary>What names of the gateway's own begin with.</summary>
    public const string Prefix = "gatewaykit.audit";

    /// <summary>Adds what a line says.</summary>
    public static void Add(List<KeyValuePair<string, object?>> attributes, JsonElement line)
    {
        var isEnd = line.TryGetProperty("kind", out var kind) && kind.ValueEquals("end"u8);
        foreach (var member in line.EnumerateObject())
        {
            Add(attributes, member.Name, member.Value, isEnd);
        }
    }

    private static void Add(List<KeyValuePair<string, object?>> attributes, string name, JsonElement value, bool isEnd)
    {
        switch (name)
        {
            // In the record itself, or in the resource; the encrypted part is in the body, where it stays encrypted.
            case "v" or "inst" or "ts" or "trace" or "span" or "event" or "p":
                break;
            case "route":
                Set("gatewaykit.route", value);
                break;
            case "cluster":
                Set("gatewaykit.cluster", value);
                break;
            case "m":
                Set("http.request.method", value);
                break;
            case "path":
                // A template, unless a route asks for the path itself, which cannot have a brace.
                Set(value.ValueKind is JsonValueKind.String && value.GetString()!.Contains('{', StringComparison.Ordinal) ? "http.route" : "url.path", value);
                break;
            case "host" when value.ValueKind is JsonValueKind.String:
                AddHost(new(value.GetString()!));
                break;
            case "proto" when value.ValueKind is JsonValueKind.String && value.GetString() is { } proto && proto.StartsWith("HTTP/", StringComparison.Ordinal):
                attributes.Add(new("network.protocol.version", proto["HTTP/".Length..]));
                break;
            case "src":
                Set("client.address", value);
                break;
            case "peer":
                Set("network.peer.address", value);
                break;
            case "ua":
                Set("user_agent.original", value);
                break;
            case "sub":
                Set("user.id", value);
                break;
            case "st":
                Set("http.response.status_code", value);
                break;
            case "err":
                Set("error.type", value);
                break;
            case "bin":
                Set("http.request.body.size", value);
                break;
            case "bout":
                Set("http.response.body.size", value);
                break;
            case "hdr" when value.ValueKind is JsonValueKind.Object:
                foreach (var header in value.EnumerateObject())
                {
                    attributes.Add(new($"http.{(isEnd ? "response" : "request")}.header.{header.Name.ToLowerInvariant()}", new[] { header.Value.ToString() }));
                }

                break;
            case "att" when value.ValueKind is JsonValueKind.Array && value.GetArrayLength() > 1:
                attributes.Add(new("http.request.resend_count", (long)value.GetArrayLength() - 1));
                Set($"{Prefix}.att", value);
                break;
            default:
                Set($"{Prefix}.{JsonNamingPolicy.SnakeCaseLower.ConvertName(name)}", value);
                break;
        }

        void AddHost(HostString host)
        {
            attributes.Add(new("server.address", host.Host));
            if (host.Port is { } port)
            {
                attributes.Add(new("server.port", (long)port));
            }
        }

        void Set(string attribute, JsonElement from)
        {
            object? plain = from.ValueKind switch
            {
                JsonValueKind.String => from.GetString(),
                JsonValueKind.Number => from.TryGetInt64(out var number) ? (object)number : from.GetDouble(),
                JsonValueKind.True or JsonValueKind.False => from.GetBoolean(),
                JsonValueKind.Null => null,
                _ => from.GetRawText(),
            };
            if (plain is not null)
            {
                attributes.Add(new(attribute, plain));
            }
        }
    }
}
