using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Auditing.Shipping;
using GatewayKit.PostgreSql;
using Npgsql;

namespace GatewayKit.PostgreSqlTests;

public sealed class PostgreSqlAuditAnchorTests(PostgresServer server) : IDisposable
{
    // Two lines each, and a checkpoint every 4,096 lines.
    private const int RequestsOfCheckpoint = 2_100;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-audit-");

    [Fact]
    public async Task Database_has_the_checkpoints_of_the_journal_in_order_and_once_although_a_copy_brings_them_too()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using (var gateway = await StartAsync(database, static (gateway, database) => gateway.AddPostgreSqlAudit(database.ShipperString, new() { Sink = AuditedGateway.Quick })))
        {
            await gateway.AskAsync(RequestsOfCheckpoint);
            await Eventually.IsSoAsync(async () => (await AnchoredAsync(database)).Count > 0);
        }

        // The copy brings the last one in any case.
        var expected = Checkpoints();
        await using (await StartAsync(database, static (gateway, database) => gateway.AddPostgreSqlAudit(database.ShipperString, new() { Sink = AuditedGateway.Quick })))
        {
            await Eventually.IsSoAsync(async () => (await AnchoredAsync(database)).Count(expected.Contains) >= expected.Count);
            Assert.Equal(expected, (await AnchoredAsync(database)).Where(expected.Contains));
        }
    }

    [Fact]
    public async Task Database_that_was_killed_gets_what_it_missed()
    {
        await using var own = new OwnServer();
        await own.Server.InitializeAsync();
        await using var database = await AuditDatabase.CreateAsync(own.Server);
        await using var gateway = await StartAsync(database);
        await own.Server.KillAsync();
        await gateway.AskAsync(RequestsOfCheckpoint);
        await Eventually.IsSoAsync(() => Checkpoints().Count > 0);
        await own.Server.RestartAsync();
        database.Administrator.Clear();
        await Eventually.IsSoAsync(async () => (await AnchoredAsync(database)).Count > 0);
        var anchored = await AnchoredAsync(database);
        Assert.Equal(Checkpoints().Take(anchored.Count), anchored);
    }

    [Fact]
    public async Task Tail_that_is_cut_off_with_its_checkpoints_is_missed_by_what_the_database_has()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using (var gateway = await StartAsync(database))
        {
            await gateway.AskAsync(RequestsOfCheckpoint);
            await Eventually.IsSoAsync(async () => (await AnchoredAsync(database)).Count > 0);
        }

        var kept = Path.Combine(_directory.FullName, "anchors.ck");
        await File.WriteAllLinesAsync(kept, await AnchoredAsync(database), TestContext.Current.CancellationToken);
        var (journal, anchored) = (Journal, new AuditVerificationOptions { Anchors = [kept] });
        Assert.True((await new AuditLog(journal).VerifyAsync(anchored, cancellationToken: TestContext.Current.CancellationToken)).IsIntact);

        var segment = Directory.GetFiles(journal, "*.gkal", SearchOption.AllDirectories).Single();
        await File.WriteAllLinesAsync(segment, (await File.ReadAllLinesAsync(segment, TestContext.Current.CancellationToken)).Take(100), TestContext.Current.CancellationToken);
        File.Delete(Path.ChangeExtension(segment, ".ck"));
        Assert.Contains(
            (await new AuditLog(journal).VerifyAsync(anchored, cancellationToken: TestContext.Current.CancellationToken)).Findings,
            static one => one is { Level: AuditFindingLevel.Violation, Code: AuditFindingCode.CutTail });
    }

    [Fact]
    public async Task Role_that_may_add_checkpoints_and_nothing_else_is_enough()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await database.ExecuteAsync(
            "CREATE ROLE anchoring LOGIN PASSWORD 'p'; GRANT USAGE ON SCHEMA gatewaykit_audit TO anchoring; GRANT SELECT, INSERT ON gatewaykit_audit.checkpoints TO anchoring");
        await using var anchor = Anchor(new NpgsqlConnectionStringBuilder(database.AdministratorString) { Username = "anchoring", Password = "p" }.ConnectionString);
        for (var time = 0; time < 2; time++)
        {
            await anchor.AnchorAsync(Checkpoint("h"), TestContext.Current.CancellationToken);
        }

        Assert.Equal([Checkpoint("h").Line], await AnchoredAsync(database));
    }

    [Fact]
    public async Task Forged_checkpoint_in_the_place_of_one_to_come_is_told_of()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var anchor = Anchor(database.ShipperString);
        await anchor.AnchorAsync(Checkpoint("forged"), TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<AuditBatchRejectedException>(() => anchor.AnchorAsync(Checkpoint("true"), TestContext.Current.CancellationToken).AsTask());
        Assert.Contains("forged", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([Checkpoint("forged").Line], await AnchoredAsync(database));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string Journal => Path.Combine(_directory.FullName, "audit");

    private Task<AuditedGateway> StartAsync(AuditDatabase database, Action<GatewayBuilder, AuditDatabase>? configure = null) => AuditedGateway.StartAsync(Journal, gateway =>
    {
        gateway.AddPostgreSqlAuditAnchor(database.ShipperString);
        configure?.Invoke(gateway, database);
    });

    // The statement of docs/audit-operations.md.
    private static async Task<IReadOnlyList<string>> AnchoredAsync(AuditDatabase database)
    {
        var lines = new List<string>();
        await using var command = database.Administrator.CreateCommand("SELECT line FROM gatewaykit_audit.checkpoints ORDER BY id");
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
        {
            lines.Add(rows.GetString(0));
        }

        return lines;
    }

    // Those that the journal has, boot after boot; the last one may be half of a line at this moment.
    private List<string> Checkpoints() =>
    [
        .. new DirectoryInfo(Journal).EnumerateFiles("*.ck", SearchOption.AllDirectories).SelectMany(static file =>
        {
            using var reader = new StreamReader(new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd().Split('\n')[..^1];
        }).OrderBy(static line => JsonElement.Parse(line).GetProperty("ts").GetDateTimeOffset()),
    ];

    private static PostgreSqlAuditAnchor Anchor(string connectionString) => new("database", NpgsqlDataSource.Create(connectionString), PostgreSqlAuditSchema.DefaultSchema, ownsSource: true);

    private static AuditCheckpoint Checkpoint(string hash) => new()
    {
        Instance = "one", Boot = Guid.Parse("11111111-2222-3333-4444-555555555555"), Segment = 1, Sequence = 7, Hash = hash, Time = DateTimeOffset.UnixEpoch,
        Line = $$"""{"v":1,"kind":"checkpoint","n":1,"seq":7,"h":"{{hash}}","ts":"2026-11-29T10:00:00Z","keyId":"k","sig":"s"}""",
    };
}
