namespace GatewayKit.PostgreSql;

/// <summary>What is said to the database, with the name of the schema in it, which was checked.</summary>
internal sealed class AuditStatements(string schema)
{
    private const string Columns = "inst, boot, seq, day, ts, kind, event, rid, route, sub, st, outcome, h, line";
    private const string Staging = "pg_temp.gatewaykit_staging";
    private const string Checkpoint = "unnest($3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY AS c (segment, seq, h, ts, key_id, sig, line, n)";

    public string CreateStaging { get; } = $"CREATE TEMP TABLE IF NOT EXISTS gatewaykit_staging (LIKE {schema}.records) ON COMMIT DELETE ROWS";

    public string Copy { get; } = $"COPY {Staging} ({Columns}) FROM STDIN (FORMAT BINARY)";

    public string Insert { get; } = $"INSERT INTO {schema}.records ({Columns}) SELECT {Columns} FROM {Staging} ON CONFLICT DO NOTHING";

    // The hash alone would not do: whoever changes a line there can leave its hash as it was.
    public string FindConflicts { get; } =
        $"SELECT s.seq, left(r.h, 43) FROM {Staging} s JOIN {schema}.records r ON r.inst = s.inst AND r.boot = s.boot AND r.seq = s.seq AND r.day = s.day WHERE r.h <> s.h OR r.line <> s.line ORDER BY s.seq";

    // Of all partitions but one. How many there are is up to whoever forges.
    public string FindOnOtherDays { get; } =
        $"SELECT DISTINCT ON (seq) seq, left(h, 43) FROM {schema}.records WHERE inst = $1 AND boot = $2 AND seq BETWEEN $3 AND $4 AND (day < $5 OR day >= $6) ORDER BY seq, day LIMIT 100";

    public string InsertCheckpoints { get; } =
        $"INSERT INTO {schema}.checkpoints (inst, boot, segment, seq, h, ts, key_id, sig, line) SELECT $1, $2, segment, seq, h, ts, key_id, sig, line FROM {Checkpoint} ORDER BY n ON CONFLICT DO NOTHING";

    public string FindCheckpointConflicts { get; } =
        $"SELECT c.seq, left(r.h, 43) FROM {Checkpoint} JOIN {schema}.checkpoints r ON r.inst = $1 AND r.boot = $2 AND r.sig = c.sig WHERE (r.segment, r.seq, r.h, r.ts, r.key_id, r.line) <> (c.segment, c.seq, c.h, c.ts, c.key_id, c.line) ORDER BY c.n";

    public string OpenDay { get; } = $"SELECT {schema}.open_day($1)";

    public string ReadPositions { get; } = $"SELECT boot, segment, place, checkpoint_segment, checkpoint_place FROM {schema}.positions WHERE inst = $1";

    public string BeginPosition { get; } =
        $"INSERT INTO {schema}.positions (inst, boot, segment, place, checkpoint_segment, checkpoint_place) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

    // From where it was, and from nowhere else.
    public string MovePosition { get; } =
        $"UPDATE {schema}.positions SET segment = $3, place = $4, checkpoint_segment = $5, checkpoint_place = $6 WHERE inst = $1 AND boot = $2 AND (segment, place, checkpoint_segment, checkpoint_place) = ($7, $8, $9, $10)";

    public string Boots { get; } = $"SELECT inst, boot FROM {schema}.records UNION SELECT inst, boot FROM {schema}.checkpoints ORDER BY inst, boot";

    public string Lines { get; } = $"SELECT line, seq, day, ts, kind, event, rid, route, sub, st, outcome, h FROM {schema}.records WHERE inst = $1 AND boot = $2 ORDER BY seq, day";

    public string Checkpoints { get; } = $"SELECT segment, seq, h, line FROM {schema}.checkpoints WHERE inst = $1 AND boot = $2 ORDER BY segment, seq, ts, id";
}
