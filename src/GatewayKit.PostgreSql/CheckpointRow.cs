using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Shipping;
using Npgsql;

namespace GatewayKit.PostgreSql;

/// <summary>A checkpoint as the database has it.</summary>
internal sealed record CheckpointRow(int Segment, long Sequence, string Hash, DateTime Time, string KeyId, string Signature, string Line)
{
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

    /// <summary>Adds checkpoints of a boot, in their order, unless they are there.</summary>
    /// <returns>In whose places there are others, which somebody has forged.</returns>
    public static async Task<IReadOnlyList<AuditConflict>> AddAsync(
        NpgsqlConnection connection, AuditStatements statements, string instance, Guid boot, IReadOnlyList<CheckpointRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count is 0)
        {
            return [];
        }

        object[] values =
        [
            instance, boot, Column(static row => row.Segment), Column(static row => row.Sequence), Column(static row => row.Hash), Column(static row => row.Time), Column(static row => row.KeyId),
            Column(static row => row.Signature), Column(static row => row.Line),
        ];
        return await connection.ExecuteAsync(statements.InsertCheckpoints, cancellationToken, values).ConfigureAwait(false) == rows.Count
            ? []
            : await connection.FindConflictsAsync(statements.FindCheckpointConflicts, cancellationToken, values).ConfigureAwait(false);

        T[] Column<T>(Func<CheckpointRow, T> of) => [.. rows.Select(of)];
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? throw new FormatException();
}
