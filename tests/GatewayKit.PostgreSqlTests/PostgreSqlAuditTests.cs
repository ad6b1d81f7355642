using System.Text;
using GatewayKit.Auditing.Reading;
using GatewayKit.Auditing.Shipping;
using GatewayKit.PostgreSql;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace GatewayKit.PostgreSqlTests;

public sealed class PostgreSqlAuditTests(PostgresServer server) : IDisposable
{
    private const UnixFileMode ForOthers = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-audit-");

    [Fact]
    public async Task Database_has_every_line_of_the_journal_once()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        for (var boot = 0; boot < 2; boot++)
        {
            await using var gateway = await StartAsync(database);
            await gateway.AskAsync(300);
        }

        Assert.Equal(AuditedGateway.Keys(_directory.FullName), await database.KeysAsync());
        Assert.True((await database.KeysAsync()).Count > 1_200);
        Assert.Equal(600, await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE kind = 'end' AND st = 200 AND rid IS NOT NULL"));
        Assert.Equal(0, await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records_other"));
    }

    [Fact]
    public async Task Batch_whose_process_was_killed_before_it_was_told_so_is_there_once()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        var batch = Batch(Enumerable.Range(0, 500).Select(Line));
        await using (var killed = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false))
        {
            await killed.WriteAsync(batch, TestContext.Current.CancellationToken);
        }

        // It comes again from a position of before, with what has come since.
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        var receipt = await sink.WriteAsync(Batch(Enumerable.Range(0, 700).Select(Line)), TestContext.Current.CancellationToken);
        Assert.Empty(receipt.Conflicts);
        Assert.Equal(700, await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records"));
    }

    [Fact]
    public async Task Session_that_is_ended_in_the_midst_leaves_nothing_half()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using (var gateway = await StartAsync(database))
        {
            for (var round = 0; round < 10; round++)
            {
                var asking = gateway.AskAsync(100);
                while (!asking.IsCompleted)
                {
                    await database.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'shipper%' AND datname = current_database() AND state <> 'idle'");
                }

                await asking;
            }
        }

        await using (await StartAsync(database))
        {
            await Eventually.IsSoAsync(async () => (await database.KeysAsync()).Count >= 2_000 && (await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE event = 'audit.started'")) is 2);
        }

        Assert.Equal(AuditedGateway.Keys(_directory.FullName), await database.KeysAsync());
    }

    [Theory]
    [InlineData("UPDATE gatewaykit_audit.records SET sub = 'nobody'")]
    [InlineData("DELETE FROM gatewaykit_audit.records")]
    [InlineData("TRUNCATE gatewaykit_audit.records")]
    [InlineData("UPDATE gatewaykit_audit.checkpoints SET h = ''")]
    [InlineData("DELETE FROM gatewaykit_audit.checkpoints")]
    [InlineData("TRUNCATE gatewaykit_audit.checkpoints")]
    [InlineData("DELETE FROM gatewaykit_audit.positions")]
    [InlineData("DROP TABLE gatewaykit_audit.records")]
    [InlineData("CREATE TABLE gatewaykit_audit.mine (a int)")]
    [InlineData("ALTER TABLE gatewaykit_audit.records DISABLE TRIGGER ALL")]
    public async Task Role_of_the_gateway_can_change_nothing(string statement)
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var command = database.Shipper.CreateCommand(statement);
        Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken))).SqlState);
    }

    [Theory]
    [InlineData("UPDATE gatewaykit_audit.records SET sub = 'nobody'")]
    [InlineData("DELETE FROM gatewaykit_audit.records WHERE seq = 1")]
    [InlineData("TRUNCATE gatewaykit_audit.records")]
    [InlineData("DO $$ DECLARE part text; BEGIN SELECT c.oid::regclass::text INTO part FROM pg_class c WHERE c.relname LIKE 'records_2%' AND c.relkind = 'r'; EXECUTE 'TRUNCATE ' || part; END $$")]
    public async Task Trigger_refuses_what_rights_would_allow(string statement)
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        await sink.WriteAsync(Batch([Line(0), Line(1)]), TestContext.Current.CancellationToken);
        Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(statement))).SqlState);
        Assert.Equal(2, (await database.KeysAsync()).Count);
    }

    [Fact]
    public async Task Forged_row_in_the_place_of_one_to_come_is_found()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        var forged = Line(1) with { Hash = new string('F', 43) };
        await sink.WriteAsync(Batch([forged]), TestContext.Current.CancellationToken);
        var sameHash = Line(2) with { Line = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Line(2).Line.Span).Replace("200", "403", StringComparison.Ordinal)) };
        await sink.WriteAsync(Batch([sameHash]), TestContext.Current.CancellationToken);
        var receipt = await sink.WriteAsync(Batch([Line(0), Line(1), Line(2), Line(3)]), TestContext.Current.CancellationToken);
        Assert.Equal([new(1, forged.Hash), new(2, Line(2).Hash)], receipt.Conflicts);
    }

    [Fact]
    public async Task Forged_row_of_another_day_is_found_with_the_first_records_of_a_boot_and_within_a_minute_after()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        var time = new FakeTimeProvider();
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false, time);
        await ForgeAsync(1, -3);
        await ForgeAsync(4, -400);
        await ForgeAsync(5, 3_000);
        Assert.Equal([new(1, "forged")], (await sink.WriteAsync(Batch([Line(0), Line(1), Line(2)]), TestContext.Current.CancellationToken)).Conflicts);
        Assert.Empty((await sink.WriteAsync(Batch([Line(3), Line(4)]), TestContext.Current.CancellationToken)).Conflicts);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([new(4, "forged"), new(5, "forged")], (await sink.WriteAsync(Batch([Line(5), Line(6)]), TestContext.Current.CancellationToken)).Conflicts);
        async Task ForgeAsync(long sequence, int days)
        {
            await using var forge = database.Shipper.CreateCommand(
                $"INSERT INTO gatewaykit_audit.records (inst, boot, seq, day, ts, kind, h, line) VALUES ('one', '11111111-2222-3333-4444-555555555555', {sequence}, current_date + {days}, now(), 'end', 'forged', 'line')");
            await forge.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Boot_of_two_days_conflicts_with_nothing()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        var time = new FakeTimeProvider();
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false, time);
        for (var sequence = 0; sequence < 12; sequence += 4)
        {
            // The clock was set back in between, and part of it came before.
            var days = (int[])[0, 1, 0, 1];
            var batch = Batch(Enumerable.Range(Math.Max(0, sequence - 2), sequence is 0 ? 4 : 6).Select(number => Line(number, days[number % 4])));
            Assert.Empty((await sink.WriteAsync(batch, TestContext.Current.CancellationToken)).Conflicts);
            time.Advance(TimeSpan.FromSeconds(45));
        }

        Assert.Equal(12, (await database.KeysAsync()).Count);
    }

    [Fact]
    public async Task Forged_checkpoint_in_the_place_of_one_to_come_is_found()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        var (other, column) = (Checkpoint("s1", 1), Checkpoint("s2", 2));
        await sink.WriteAsync(Batch([], Checkpoint("s1", 1, "forged"), column), TestContext.Current.CancellationToken);
        await database.ExecuteAsync("ALTER TABLE gatewaykit_audit.checkpoints DISABLE TRIGGER ALL; UPDATE gatewaykit_audit.checkpoints SET segment = 4 WHERE sig = 's2'; ALTER TABLE gatewaykit_audit.checkpoints ENABLE TRIGGER ALL");
        var receipt = await sink.WriteAsync(Batch([Line(0)], other, column, Checkpoint("s3", 3)), TestContext.Current.CancellationToken);
        Assert.Equal([new(1, "forged"), new(2, "x")], receipt.CheckpointConflicts);
        Assert.Empty(receipt.Conflicts);
        Assert.Equal(3, await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.checkpoints"));
        Assert.Empty((await sink.WriteAsync(Batch([Line(0)], Checkpoint("s3", 3)), TestContext.Current.CancellationToken)).CheckpointConflicts);
    }

    [Fact]
    public async Task Position_that_somebody_has_moved_on_in_the_database_makes_nobody_leave_out_a_line()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        var role = new NpgsqlConnectionStringBuilder(database.ShipperString).Username;
        await using (var gateway = await StartAsync(database))
        {
            await gateway.AskAsync(20);
            await Eventually.IsSoAsync(async () => await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE kind = 'end'") is 20);
            await database.ExecuteAsync($"REVOKE INSERT ON gatewaykit_audit.records FROM {role}");
            await gateway.AskAsync(20);
        }

        Assert.Equal(0, await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE event = 'audit.stopped'"));
        await database.ExecuteAsync($"UPDATE gatewaykit_audit.positions SET segment = 9, checkpoint_segment = 9; GRANT INSERT ON gatewaykit_audit.records TO {role}");
        await using (await StartAsync(database))
        {
            await Eventually.IsSoAsync(async () => await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE event = 'audit.started'") is 2);
        }

        Assert.Equal(AuditedGateway.Keys(_directory.FullName), await database.KeysAsync());
    }

    [Fact]
    public async Task Record_that_cannot_be_a_row_is_refused_alone()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        var notUtf8 = Line(1) with { Line = Encoding.Latin1.GetBytes("{\"v\":1,\"kind\":\"event\",\"ts\":\"2026-11-29T10:00:00Z\",\"rid\":\"\u00ff\"}") };
        var noTime = Line(2) with { Line = "{\"v\":1,\"kind\":\"event\"}"u8.ToArray() };
        var receipt = await sink.WriteAsync(Batch([Line(0), notUtf8, noTime, Line(3)]), TestContext.Current.CancellationToken);
        Assert.Equal([1, 2], receipt.Rejections.Select(static one => one.Index));
        Assert.Equal(2, (await database.KeysAsync()).Count);

        // What only the server knows is told of the whole batch, without quoting it: halves find the one.
        var tooLarge = Line(4) with { Line = Encoding.UTF8.GetBytes($"{{\"v\":1,\"ts\":\"2026-11-29T10:00:00Z\",\"rid\":\"{Noise(20_000)}\"}}") };
        var refused = await Assert.ThrowsAsync<AuditBatchRejectedException>(async () => await sink.WriteAsync(Batch([tooLarge]), TestContext.Current.CancellationToken));
        Assert.Equal("SQLSTATE 54000", refused.Message);
        Assert.Empty((await sink.WriteAsync(Batch([Line(5)]), TestContext.Current.CancellationToken)).Rejections);
    }

    [Fact]
    public async Task Day_that_a_clock_has_invented_does_not_fill_the_catalogue()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        await sink.WriteAsync(Batch([Line(0) with { Line = "{\"v\":1,\"ts\":\"2199-01-01T00:00:00Z\"}"u8.ToArray() }, Line(1) with { Line = "{\"v\":1,\"ts\":\"1980-01-01T00:00:00Z\"}"u8.ToArray() }]), TestContext.Current.CancellationToken);
        Assert.Equal(2, await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records_other"));
        Assert.Equal(1, await database.CountAsync("SELECT count(*) FROM pg_inherits WHERE inhparent = 'gatewaykit_audit.records'::regclass"));
    }

    [Fact]
    public async Task Checkpoints_and_positions_are_kept_with_the_records()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        var checkpoint = "{\"v\":1,\"kind\":\"checkpoint\",\"n\":1,\"seq\":1,\"h\":\"x\",\"ts\":\"2026-11-29T10:00:00Z\",\"keyId\":\"k\",\"sig\":\"s\"}"u8.ToArray();
        var batch = Batch([Line(0)], checkpoint);
        for (var time = 0; time < 2; time++)
        {
            await sink.WriteAsync(batch, TestContext.Current.CancellationToken);
        }

        Assert.Equal(1, await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.checkpoints WHERE seq = 1 AND key_id = 'k'"));
        Assert.Equal([batch.Position], await sink.ReadPositionsAsync("one", TestContext.Current.CancellationToken));
        Assert.Empty((await sink.ReadPositionsAsync("two", TestContext.Current.CancellationToken))!);
    }

    [Fact]
    public async Task Copy_is_verified_and_what_was_forged_in_it_is_found()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using (var gateway = await StartAsync(database))
        {
            await gateway.AskAsync(50);
        }

        // The database has no keys: whoever verifies brings them.
        var copy = new PostgreSqlAuditCopy(database.Shipper);
        var options = new AuditVerificationOptions { TrustedKeys = AuditKeys.Load(Path.Combine(_directory.FullName, "one", "keys")) };
        var before = await copy.VerifyAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(before.IsIntact, before.ToString());
        Assert.Equal(AuditedGateway.Keys(_directory.FullName).Count, before.Lines);

        // By who owns it, and knows how to switch a trigger off.
        await ForgeAsync("UPDATE gatewaykit_audit.records SET outcome = 'denied' WHERE seq = 20");
        Assert.Contains((await copy.VerifyAsync(options, cancellationToken: TestContext.Current.CancellationToken)).Findings, static one => one.Sentence.Contains("columns of line 20", StringComparison.Ordinal));
        await ForgeAsync("UPDATE gatewaykit_audit.records SET line = replace(line, '\"GET\"', '\"PUT\"') WHERE seq = (SELECT min(seq) FROM gatewaykit_audit.records WHERE kind = 'begin' AND seq > 20)");
        Assert.Contains((await copy.VerifyAsync(options, cancellationToken: TestContext.Current.CancellationToken)).Findings, static one => one.Code is AuditFindingCode.ChangedLine && one.Sentence.Contains("its hash", StringComparison.Ordinal));
        await ForgeAsync("DELETE FROM gatewaykit_audit.records WHERE seq = 40");
        Assert.Contains((await copy.VerifyAsync(options, cancellationToken: TestContext.Current.CancellationToken)).Findings, static one => one.Code is AuditFindingCode.MissingLines);

        async Task ForgeAsync(string statement) =>
            await database.ExecuteAsync($"ALTER TABLE gatewaykit_audit.records DISABLE TRIGGER ALL; {statement}; ALTER TABLE gatewaykit_audit.records ENABLE TRIGGER ALL");
    }

    [Fact]
    public async Task Database_that_has_lost_its_last_transactions_gets_them_again()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using (var gateway = await StartAsync(database))
        {
            await gateway.AskAsync(50);
            await Eventually.IsSoAsync(async () => await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE kind = 'end'") is 50);

            // What a failover to a replica that is behind does.
            await database.ExecuteAsync("ALTER TABLE gatewaykit_audit.records DISABLE TRIGGER ALL; DELETE FROM gatewaykit_audit.records; DELETE FROM gatewaykit_audit.positions; ALTER TABLE gatewaykit_audit.records ENABLE TRIGGER ALL");
            await gateway.AskAsync(10);
            await Eventually.IsSoAsync(async () => await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE kind = 'end'") is 60);
        }

        Assert.Equal(AuditedGateway.Keys(_directory.FullName), await database.KeysAsync());
    }

    [Fact]
    public async Task Session_that_comes_back_to_an_older_copy_says_so_before_it_writes()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        await sink.WriteAsync(Batch([Line(0)]), TestContext.Current.CancellationToken);
        await database.ExecuteAsync("UPDATE gatewaykit_audit.positions SET place = 1; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'shipper%' AND datname = current_database()");
        await Assert.ThrowsAnyAsync<NpgsqlException>(async () => await sink.WriteAsync(Batch([Line(1)]), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<AuditPositionLostException>(async () => await sink.WriteAsync(Batch([Line(1)]), TestContext.Current.CancellationToken));
        Assert.Equal(1, (await sink.ReadPositionsAsync("one", TestContext.Current.CancellationToken))!.Single().Offset);
        await sink.WriteAsync(Batch([Line(1)]), TestContext.Current.CancellationToken);
        Assert.Equal(2, (await database.KeysAsync()).Count);
    }

    [Fact]
    public async Task Checkpoint_without_a_signature_is_refused()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = new PostgreSqlAuditSink(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false);
        var checkpoint = "{\"v\":1,\"kind\":\"checkpoint\",\"n\":1,\"seq\":1,\"h\":\"x\",\"ts\":\"2026-11-29T10:00:00Z\",\"keyId\":\"k\",\"sig\":null}"u8.ToArray();
        await Assert.ThrowsAsync<AuditBatchRejectedException>(async () => await sink.WriteAsync(Batch([Line(0)], checkpoint), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Boot_that_was_deleted_as_a_whole_is_missed_and_an_instance_that_cannot_be_is_left_out()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        for (var boot = 0; boot < 2; boot++)
        {
            await using var gateway = await StartAsync(database);
            await gateway.AskAsync(5);
        }

        var copy = new PostgreSqlAuditCopy(database.Shipper);
        var options = new AuditVerificationOptions { TrustedKeys = AuditKeys.Load(Path.Combine(_directory.FullName, "one", "keys")) };
        Assert.True((await copy.VerifyAsync(options, cancellationToken: TestContext.Current.CancellationToken)).IsIntact);
        await using (var hostile = database.Shipper.CreateCommand("INSERT INTO gatewaykit_audit.records (inst, boot, seq, day, ts, kind, h, line) VALUES ('../x', gen_random_uuid(), 0, current_date, now(), 'event', 'h', 'line')"))
        {
            await hostile.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var found = await copy.VerifyAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("'../x'", Assert.Single(found.Findings, static one => one.Level is AuditFindingLevel.Violation).Sentence, StringComparison.Ordinal);
        Assert.True(await copy.RestoreAsync(Path.Combine(_directory.FullName, "restored"), TestContext.Current.CancellationToken) > 20);
        await database.ExecuteAsync(
            "ALTER TABLE gatewaykit_audit.records DISABLE TRIGGER ALL; DELETE FROM gatewaykit_audit.records WHERE inst <> 'one' OR boot = (SELECT boot FROM gatewaykit_audit.records WHERE inst = 'one' ORDER BY ts DESC LIMIT 1); ALTER TABLE gatewaykit_audit.records ENABLE TRIGGER ALL");
        Assert.False((await copy.VerifyAsync(options, cancellationToken: TestContext.Current.CancellationToken)).IsIntact);
    }

    [Fact]
    public async Task Journal_comes_back_byte_by_byte()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using (var gateway = await StartAsync(database))
        {
            await gateway.AskAsync(20);
        }

        var restored = Path.Combine(_directory.FullName, "restored");
        var lines = await new PostgreSqlAuditCopy(database.Shipper).RestoreAsync(restored, TestContext.Current.CancellationToken);
        var segment = Directory.GetFiles(_directory.FullName, "00000001.gkal", SearchOption.AllDirectories).Single(path => !path.StartsWith(restored, StringComparison.Ordinal));
        Assert.Equal(await File.ReadAllTextAsync(segment, TestContext.Current.CancellationToken), await File.ReadAllTextAsync(segment.Replace(_directory.FullName, restored, StringComparison.Ordinal), TestContext.Current.CancellationToken));
        Assert.Equal(lines, AuditedGateway.Keys(restored).Count);

        // For no more people than the journal itself, and not twice.
#pragma warning disable CA1416 // The server is Debian's.
        Assert.All(Directory.GetFiles(restored, "*", SearchOption.AllDirectories), static file => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(file) & (UnixFileMode.GroupWrite | ForOthers)));
        Assert.All(Directory.GetDirectories(restored, "*", SearchOption.AllDirectories).Append(restored), static folder => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(folder) & (UnixFileMode.GroupWrite | ForOthers)));
#pragma warning restore CA1416
        var checkpoints = Directory.GetFiles(restored, "*.ck", SearchOption.AllDirectories).Single();
        var kept = await File.ReadAllTextAsync(checkpoints, TestContext.Current.CancellationToken);
        File.Delete(segment.Replace(_directory.FullName, restored, StringComparison.Ordinal));
        await Assert.ThrowsAsync<IOException>(() => new PostgreSqlAuditCopy(database.Shipper).RestoreAsync(restored, TestContext.Current.CancellationToken));
        Assert.Equal(kept, await File.ReadAllTextAsync(checkpoints, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("a\"b", "gatewaykit_audit_owner")]
    [InlineData("gatewaykit_audit", "shipper")]
    public void Schema_takes_plain_names_and_three_roles(string schema, string owner) =>
        Assert.Throws<ArgumentException>(() => new PostgreSqlAuditSchema { Schema = schema, Owner = owner, Shipper = "shipper" }.ToSql());

    public void Dispose() => _directory.Delete(recursive: true);

    private Task<AuditedGateway> StartAsync(AuditDatabase database) =>
        AuditedGateway.StartAsync(_directory.FullName, gateway => gateway.AddPostgreSqlAudit(database.ShipperString, new() { Sink = AuditedGateway.Quick }));

    private static byte[] Checkpoint(string signature, int sequence, string hash = "x") =>
        Encoding.UTF8.GetBytes($$"""{"v":1,"kind":"checkpoint","n":1,"seq":{{sequence}},"h":"{{hash}}","ts":"2026-11-29T10:00:00.1234567Z","keyId":"k","sig":"{{signature}}"}""");

    private static AuditRecord Line(int sequence, int day = 0)
    {
        var hash = $"{sequence:D43}";
        return new(sequence, hash, "end", Encoding.UTF8.GetBytes($"{{\"v\":1,\"kind\":\"end\",\"ts\":\"{DateTime.UtcNow.AddDays(day):yyyy-MM-dd}T00:00:00Z\",\"rid\":\"r{sequence}\",\"st\":200,\"seq\":{sequence},\"h\":\"{hash}\"}}"));
    }

    private static AuditBatch Batch(IEnumerable<AuditRecord> records, params byte[][] checkpoints) => new()
    {
        Instance = "one", Boot = Guid.Parse("11111111-2222-3333-4444-555555555555"), Records = [.. records], Checkpoints = [.. checkpoints.Select(static one => (ReadOnlyMemory<byte>)one)],
        Position = new(Guid.Parse("11111111-2222-3333-4444-555555555555"), 2, 4711, 1, 12),
    };

    // What cannot be compressed, and so is too large for an index.
    private static string Noise(int length) => Convert.ToHexString(new Random(4).GetItems<byte>([.. Enumerable.Range(0, 256).Select(static one => (byte)one)], length / 2));
}
