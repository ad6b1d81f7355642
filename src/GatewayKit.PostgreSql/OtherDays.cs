using GatewayKit.Auditing.Shipping;
using Npgsql;

namespace GatewayKit.PostgreSql;

/// <summary>
/// Looks for rows that have the number of a record and another day: somebody has put them there, and they do not exclude the true ones. It has to look into every partition, which takes some 40 ms where there are 400 of them, and so it
/// is done for the first records of a boot, and then once a minute or for as many as are worth it. Not thread-safe.
/// </summary>
internal sealed class OtherDays(AuditStatements statements, TimeProvider time)
{
    private const long MostRows = 50_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Records of one day that follow one another.
    private readonly List<(DateOnly Day, long First, long Last)> _runs = [];
    private Guid? _boot;
    private long _lookedAt, _rows;

    /// <summary>Notes what was added, and looks if it is time.</summary>
    /// <returns>Those that were found; <see langword="null"/> if it was not looked.</returns>
    public async Task<IReadOnlyList<AuditConflict>?> FindAsync(NpgsqlConnection connection, AuditBatch batch, IReadOnlyList<AuditRow> rows, CancellationToken cancellationToken)
    {
        var isFirst = _boot != batch.Boot;
        if (isFirst)
        {
            _runs.Clear();
            (_boot, _rows) = (batch.Boot, 0);
        }

        Add(rows);
        if (!isFirst && _rows < MostRows && time.GetElapsedTime(_lookedAt) < Interval)
        {
            return null;
        }

        var conflicts = new List<AuditConflict>();
        foreach (var (day, first, last) in _runs)
        {
            conflicts.AddRange(await connection.FindConflictsAsync(statements.FindOnOtherDays, cancellationToken, batch.Instance, batch.Boot, first, last, day, day.AddDays(1)).ConfigureAwait(false));
        }

        return conflicts;
    }

    /// <summary>What was found is told, and what was added is there for good.</summary>
    public void Looked()
    {
        _runs.Clear();
        (_lookedAt, _rows) = (time.GetTimestamp(), 0);
    }

    private void Add(IReadOnlyList<AuditRow> rows)
    {
        _rows += rows.Count;
        for (var i = 0; i < rows.Count; i++)
        {
            var (day, sequence) = (rows[i].Day, rows[i].Sequence);

            // What is between two of one batch was refused, and is not there. What is between two batches may have another day.
            if (_runs is [.., var last] && last.Day == day && sequence > last.Last && (i > 0 || sequence == last.Last + 1))
            {
                _runs[^1] = last with { Last = sequence };
            }
            else
            {
                _runs.Add((day, sequence, sequence));
            }
        }
    }
}
