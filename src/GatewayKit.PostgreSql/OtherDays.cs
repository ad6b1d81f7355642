using GatewayKit.Auditing.Shipping;
using Npgsql;

namespace GatewayKit.PostgreSql;

/// <summary>
/// Looks for rows that have the number of a record and another day: somebody has put them there, and they do not exclude the true ones. It has to look into every partition, which takes some 40 ms where there are 400 of them, and so it
/// is done for the first records of a boot, which is when the last ones of the boot before are looked at too, for the end of a boot, and otherwise once a minute or for as many as are worth it. Not thread-safe.
/// </summary>
internal sealed class OtherDays(AuditStatements statements, TimeProvider time)
{
    private const long MostRows = 50_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Records of one boot and one day that follow one another.
    private readonly List<(Guid Boot, DateOnly Day, long First, long Last)> _runs = [];
    private Guid? _boot;
    private long _lookedAt;

    /// <summary>How many runs of records are to be looked at.</summary>
    public int Count => _runs.Count;

    /// <summary>Notes what is added, and looks if it is time.</summary>
    /// <returns>Those that were found; <see langword="null"/> if it was not looked.</returns>
    public async Task<IReadOnlyList<AuditConflict>?> FindAsync(NpgsqlConnection connection, AuditBatch batch, IReadOnlyList<AuditRow> rows, CancellationToken cancellationToken)
    {
        Note(batch.Boot, rows);
        var isLast = rows.Any(static row => row.Event is "audit.stopped");
        if (_boot == batch.Boot && !isLast && _runs.Sum(static run => run.Last - run.First + 1) < MostRows && time.GetElapsedTime(_lookedAt) < Interval)
        {
            return null;
        }

        var conflicts = new List<AuditConflict>();
        foreach (var (boot, day, first, last) in _runs)
        {
            var found = await connection.FindConflictsAsync(statements.FindOnOtherDays, cancellationToken, batch.Instance, boot, first, last, day, day.AddDays(1)).ConfigureAwait(false);
            conflicts.AddRange(boot == batch.Boot ? found : found.Select(conflict => conflict with { Boot = boot }));
        }

        return conflicts;
    }

    /// <summary>What was found is told, and what was added is there for good.</summary>
    /// <param name="boot">The boot of the last batch.</param>
    public void Looked(Guid boot)
    {
        _runs.Clear();
        (_boot, _lookedAt) = (boot, time.GetTimestamp());
    }

    // Before it is known whether the batch is there for good, which may never be told. One that comes again is in the runs of the first time.
    private void Note(Guid boot, IReadOnlyList<AuditRow> rows)
    {
        var at = -1;
        foreach (var row in rows)
        {
            // What is between two of one batch was refused, and is not there. What is between two batches may have another day.
            if (at < 0 || _runs[at].Day != row.Day)
            {
                at = _runs.FindIndex(run => run.Boot == boot && run.Day == row.Day && row.Sequence >= run.First && row.Sequence <= run.Last + 1);
            }

            if (at < 0)
            {
                at = _runs.Count;
                _runs.Add((boot, row.Day, row.Sequence, row.Sequence));
            }
            else
            {
                _runs[at] = _runs[at] with { Last = Math.Max(_runs[at].Last, row.Sequence) };
            }
        }
    }
}
