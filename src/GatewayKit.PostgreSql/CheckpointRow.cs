using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Shipping;

namespace GatewayKit.PostgreSql;

/// <summary>A checkpoint as the database has it.</summary>
internal sealed record CheckpointRow(int Segment, long Sequence, string Hash, DateTime Time, string KeyId, string Signature, string Line)
{
    /// <summary>What <see cref="AuditStatements.InsertCheckpoint"/> takes.</summary>
    public object[] Values(string instance, Guid boot) => [instance, boot, Segment, Sequence, Hash, Time, KeyId, Signature, Line];

    /// <exception cref="AuditBatchRejectedException">It is none.</exception>
    public static CheckpointRow Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return new(
                root.GetProperty("n").GetInt32(), root.GetProperty("seq").GetInt64(), Text(root, "h"), root.GetProperty("ts").GetDateTimeOffset().UtcDateTime,
                Text(root, "keyId"), Text(root, "sig"), Encoding.UTF8.GetString(line.Span));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new AuditBatchRejectedException("no checkpoint", exception);
        }
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? throw new FormatException();
}
