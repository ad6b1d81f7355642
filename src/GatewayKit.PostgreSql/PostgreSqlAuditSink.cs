using GatewayKit.Auditing.Shipping;
using Npgsql;
using NpgsqlTypes;

namespace GatewayKit.PostgreSql;

/// <summary>
/// Adds records to the tables of <see cref="PostgreSqlAuditSchema"/>. A batch, its checkpoints and the position are one transaction. What is there already stays as it is, and is compared: nothing
/// is written over, and nobody can put a record in another one's place unseen. One call at a time.
/// </summary>
internal sealed class PostgreSqlAuditSink(NpgsqlDataSource source, string schema, bool ownsSource, TimeProvider? time = null) : IAuditSink, IAsyncDisposable, IDisposable
{
    // What is wrong with values, and what is too large for an index: of the record, not of the server.
    private static readonly string[] FaultsOfRecords = ["22", "23", "54"];

    private readonly AuditStatements _statements = new(schema);
    private readonly OtherDays _otherDays = new(new(schema), time ?? TimeProvider.System);
    private readonly HashSet<DateOnly> _days = [];
    private NpgsqlConnection? _connection;
    private Dictionary<Guid, AuditPosition>? _positions;

    /// <summary>Whether a record is the reason, and not the server.</summary>
    public static bool IsOfRecord(PostgresException exception) => FaultsOfRecords.Contains(exception.SqlState[..2]);

    public async ValueTask<IReadOnlyCollection<AuditPosition>?> ReadPositionsAsync(string instance, CancellationToken cancellationToken)
    {
        try
        {
            _positions = null;
            var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            _positions = await PositionsAsync(connection, instance, cancellationToken).ConfigureAwait(false);
            return [.. _positions.Values];
        }
        catch
        {
            await DisconnectAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken)
    {
        var (rows, rejections) = (new List<AuditRow>(batch.Records.Count), new List<AuditRejection>());
        for (var index = 0; index < batch.Records.Count; index++)
        {
            if (AuditRow.TryRead(batch.Records[index], out var fault) is { } row)
            {
                rows.Add(row);
            }
            else
            {
                rejections.Add(new(index, fault));
            }
        }

        var checkpoints = batch.Checkpoints.Select(CheckpointRow.Read).ToArray();
        try
        {
            var isNew = _connection is null;
            var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            if (isNew)
            {
                await ComparePositionsAsync(connection, batch.Instance, cancellationToken).ConfigureAwait(false);
            }

            await OpenDaysAsync(connection, rows, cancellationToken).ConfigureAwait(false);
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var conflicts = await InsertAsync(connection, batch, rows, cancellationToken).ConfigureAwait(false);
                var elsewhere = await _otherDays.FindAsync(connection, batch, rows, cancellationToken).ConfigureAwait(false);
                var forged = await CheckpointRow.AddAsync(connection, _statements, batch.Instance, batch.Boot, checkpoints, cancellationToken).ConfigureAwait(false);
                await KeepPositionAsync(connection, batch, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                _positions![batch.Boot] = batch.Position;
                if (elsewhere is not null)
                {
                    _otherDays.Looked(batch.Boot);
                }

                return new() { Rejections = rejections, Conflicts = [.. conflicts, .. elsewhere ?? []], CheckpointConflicts = forged };
            }
        }
        catch (PostgresException exception) when (IsOfRecord(exception))
        {
            // The detail may quote the record.
            await DisconnectAsync().ConfigureAwait(false);
            throw new AuditBatchRejectedException($"SQLSTATE {exception.SqlState}");
        }
        catch
        {
            await DisconnectAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync().ConfigureAwait(false);
        if (ownsSource)
        {
            await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _connection?.Dispose();
        if (ownsSource)
        {
            source.Dispose();
        }
    }

    private async Task<Dictionary<Guid, AuditPosition>> PositionsAsync(NpgsqlConnection connection, string instance, CancellationToken cancellationToken)
    {
        var positions = new Dictionary<Guid, AuditPosition>();
        var command = Statement.Of(_statements.ReadPositions, instance);
        await using (command.ConfigureAwait(false))
        {
            command.Connection = connection;
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    positions.Add(rows.GetGuid(0), new(rows.GetGuid(0), rows.GetInt32(1), rows.GetInt64(2), rows.GetInt32(3), rows.GetInt64(4)));
                }
            }
        }

        return positions;
    }

    // Behind the same name may be another server, which does not have the last transactions; or the last one came to its end, and nobody was told.
    private async Task ComparePositionsAsync(NpgsqlConnection connection, string instance, CancellationToken cancellationToken)
    {
        var (known, positions) = (_positions, await PositionsAsync(connection, instance, cancellationToken).ConfigureAwait(false));
        _positions = positions;
        if (known is not null && (known.Count != positions.Count || known.Values.Any(one => !positions.TryGetValue(one.Boot, out var position) || position != one)))
        {
            throw new AuditPositionLostException();
        }
    }

    private async Task KeepPositionAsync(NpgsqlConnection connection, AuditBatch batch, CancellationToken cancellationToken)
    {
        var position = batch.Position;
        object[] values = [batch.Instance, batch.Boot, position.Segment, position.Offset, position.CheckpointSegment, position.CheckpointOffset];
        var moved = _positions!.TryGetValue(batch.Boot, out var from)
            ? await connection.ExecuteAsync(_statements.MovePosition, cancellationToken, [.. values, from.Segment, from.Offset, from.CheckpointSegment, from.CheckpointOffset]).ConfigureAwait(false)
            : await connection.ExecuteAsync(_statements.BeginPosition, cancellationToken, values).ConfigureAwait(false);
        if (moved is 0)
        {
            throw new AuditPositionLostException();
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_connection is null)
        {
            _connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await _connection.ExecuteAsync(_statements.CreateStaging, cancellationToken).ConfigureAwait(false);
            _days.Clear();
        }

        return _connection;
    }

    // Whatever state it was in, the next call begins with another one.
    private async Task DisconnectAsync()
    {
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    // In front of the transaction: making a partition locks the table, which must not last as long as a batch does.
    private async Task OpenDaysAsync(NpgsqlConnection connection, List<AuditRow> rows, CancellationToken cancellationToken)
    {
        foreach (var day in rows.Select(static row => row.Day).Distinct().Where(day => !_days.Contains(day)).ToArray())
        {
            await connection.ExecuteAsync(_statements.OpenDay, cancellationToken, day).ConfigureAwait(false);
            _days.Add(day);
        }
    }

    private async Task<IReadOnlyList<AuditConflict>> InsertAsync(NpgsqlConnection connection, AuditBatch batch, List<AuditRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count is 0)
        {
            return [];
        }

        await CopyAsync(connection, batch, rows, cancellationToken).ConfigureAwait(false);
        return await connection.ExecuteAsync(_statements.Insert, cancellationToken).ConfigureAwait(false) == rows.Count
            ? []
            : await connection.FindConflictsAsync(_statements.FindConflicts, cancellationToken).ConfigureAwait(false);
    }

    private async Task CopyAsync(NpgsqlConnection connection, AuditBatch batch, List<AuditRow> rows, CancellationToken cancellationToken)
    {
        var copy = await connection.BeginBinaryImportAsync(_statements.Copy, cancellationToken).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            foreach (var row in rows)
            {
                await copy.StartRowAsync(cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(batch.Instance, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(batch.Boot, NpgsqlDbType.Uuid, cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(row.Sequence, NpgsqlDbType.Bigint, cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(row.Day, NpgsqlDbType.Date, cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(row.Time, NpgsqlDbType.TimestampTz, cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(row.Kind, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
                foreach (var text in (string?[])[row.Event, row.RequestId, row.Route, row.Consumer])
                {
                    await WriteAsync(text).ConfigureAwait(false);
                }

                await (row.Status is { } status ? copy.WriteAsync(status, NpgsqlDbType.Integer, cancellationToken) : copy.WriteNullAsync(cancellationToken)).ConfigureAwait(false);
                await WriteAsync(row.Outcome).ConfigureAwait(false);
                await WriteAsync(row.Hash).ConfigureAwait(false);
                await WriteAsync(row.Line).ConfigureAwait(false);
            }

            await copy.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        Task WriteAsync(string? text) => text is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
    }
}
