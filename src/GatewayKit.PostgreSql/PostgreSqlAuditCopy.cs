using System.Text;
using GatewayKit.Auditing.Reading;
using GatewayKit.Auditing.Shipping;
using Npgsql;

namespace GatewayKit.PostgreSql;

/// <summary>
/// The copy of audit journals in a database, for whoever verifies it or needs the journals back. Reading needs no more than SELECT. Safe for concurrent use.
/// </summary>
/// <param name="source">Gives connections.</param>
/// <param name="schema">The schema, as <see cref="PostgreSqlAuditSchema.Schema"/>.</param>
public sealed class PostgreSqlAuditCopy(NpgsqlDataSource source, string schema = PostgreSqlAuditSchema.DefaultSchema)
{
    private readonly AuditStatements _statements = new(Identifiers.Check(schema, nameof(schema)));

    /// <summary>
    /// Verifies the copy as the journal itself is verified: chains, numbers, roots, signatures, and that nothing is missing or has been added; and that the columns say what the lines say. It is
    /// written to a temporary directory for that, as large as the journals are uncompressed, and deleted afterwards.
    /// </summary>
    /// <param name="options">What it is held against. Without <see cref="AuditVerificationOptions.TrustedKeys"/> no signature counts: the database has no keys.</param>
    /// <param name="progress">Is told how far the second half is, which reads what was written.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="NpgsqlException">The database cannot be read.</exception>
    /// <exception cref="IOException">There is no room for the temporary directory.</exception>
    public async Task<AuditVerification> VerifyAsync(AuditVerificationOptions? options = null, IProgress<AuditProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var directory = Directory.CreateTempSubdirectory("gatewaykit-verify-");
        try
        {
            var findings = await WriteAsync(directory.FullName, cancellationToken).ConfigureAwait(false);
            var lines = await new AuditLog(directory.FullName).VerifyAsync(options, progress, cancellationToken).ConfigureAwait(false);
            return findings.Count is 0 ? lines : lines with
            {
                Violations = lines.Violations + findings.Count,
                Counts = lines.Counts.Concat(findings.CountBy(static finding => finding.Code).Select(static pair => KeyValuePair.Create(pair.Key, (long)pair.Value))).GroupBy(static pair => pair.Key)
                    .ToDictionary(static pairs => pairs.Key, static pairs => pairs.Sum(static pair => pair.Value)),
                Findings = [.. lines.Findings, .. findings],
            };
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Writes the journals back as files, byte by byte as they were, for a host that has lost its disk. Rows of an instance with a name that none has are left out.</summary>
    /// <param name="directory">Where to: what <c>Journal.Directory</c> of a gateway names. It must not have any of these journals.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many lines there were.</returns>
    /// <exception cref="NpgsqlException">The database cannot be read.</exception>
    /// <exception cref="IOException">A file is there already, or there is no room.</exception>
    public async Task<long> RestoreAsync(string directory, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var files = new JournalFiles(directory);
        await WriteAsync(files, cancellationToken).ConfigureAwait(false);
        return files.Lines;
    }

    private Task<List<AuditFinding>> WriteAsync(string directory, CancellationToken cancellationToken) => WriteAsync(new JournalFiles(directory), cancellationToken);

    private async Task<List<AuditFinding>> WriteAsync(JournalFiles files, CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // One moment for all: what comes meanwhile is not half of it.
            var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var boots = new List<(string Instance, Guid Boot)>();
                await ReadAsync(_statements.Boots, row => boots.Add((row.GetString(0), row.GetGuid(1)))).ConfigureAwait(false);
                foreach (var (instance, boot) in boots)
                {
                    using var writer = files.TryBegin(instance, boot);
                    if (writer is null)
                    {
                        findings.Add(new(AuditFindingCode.ForeignBytes, AuditFindingLevel.Violation, "records", 0, 0, $"There are rows of the boot {boot} of '{instance}', which is no name of an instance: somebody has put them there. They are left out."));
                        continue;
                    }

                    await ReadAsync(_statements.Lines, row => Add(row, writer, findings), instance, boot).ConfigureAwait(false);
                    await ReadAsync(_statements.Checkpoints, row => writer.AddCheckpoint(row.GetInt32(0), row.GetString(3)), instance, boot).ConfigureAwait(false);
                }
            }

            async Task ReadAsync(string text, Action<NpgsqlDataReader> read, params object[] values)
            {
                var command = new NpgsqlCommand(text, connection);
                await using (command.ConfigureAwait(false))
                {
                    foreach (var value in values)
                    {
                        command.Parameters.Add(new() { Value = value });
                    }

                    var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                    await using (rows.ConfigureAwait(false))
                    {
                        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                        {
                            read(rows);
                        }
                    }
                }
            }
        }

        return findings;
    }

    private static void Add(NpgsqlDataReader row, BootWriter writer, List<AuditFinding> findings)
    {
        var (line, sequence, kind) = (row.GetString(0), row.GetInt64(1), row.GetString(4));
        writer.Add(line, kind is "segment");
        var expected = AuditRow.TryRead(new AuditRecord(sequence, row.GetString(11), kind, Encoding.UTF8.GetBytes(line)), out _);
        var found = expected is null ? null : expected with
        {
            Time = row.GetDateTime(3), Event = Text(row, 5), RequestId = Text(row, 6), Route = Text(row, 7), Consumer = Text(row, 8), Status = row.IsDBNull(9) ? null : row.GetInt32(9), Outcome = Text(row, 10),
        };

        // The tail of a line is its number and its hash.
        if (found is null || found != expected || found.Day != row.GetFieldValue<DateOnly>(2)
            || !line.EndsWith($",\"seq\":{sequence},\"h\":\"{expected!.Hash}\"}}", StringComparison.Ordinal) || !line.StartsWith($"{{\"v\":1,\"kind\":\"{kind}\"", StringComparison.Ordinal))
        {
            findings.Add(new(AuditFindingCode.ChangedLine, AuditFindingLevel.Violation, writer.Name, writer.Line, 0, $"The columns of line {sequence} of the boot do not say what the line says."));
        }
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
