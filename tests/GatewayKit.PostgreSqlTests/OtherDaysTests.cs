using System.Text;
using GatewayKit.Auditing.Shipping;
using GatewayKit.PostgreSql;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.PostgreSqlTests;

/// <summary>Forged rows of other days, where boots end and batches fail.</summary>
public sealed class OtherDaysTests(PostgresServer server)
{
    private static readonly Guid First = Guid.Parse("11111111-2222-3333-4444-555555555555");
    private static readonly Guid Second = Guid.Parse("22222222-2222-3333-4444-555555555555");

    [Fact]
    public async Task Forged_row_at_the_end_of_a_boot_is_found_with_the_next_boot_and_told_of_its_own()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = SinkOf(database);
        await ForgeAsync(database, 2);
        Assert.Empty((await sink.WriteAsync(Batch(First, 0, 1), TestContext.Current.CancellationToken)).Conflicts);
        Assert.Empty((await sink.WriteAsync(Batch(First, 2, 3), TestContext.Current.CancellationToken)).Conflicts);
        Assert.Equal([new(2, "forged") { Boot = First }], (await sink.WriteAsync(Batch(Second, 0, 1), TestContext.Current.CancellationToken)).Conflicts);
        Assert.Empty((await sink.WriteAsync(Batch(Second, 2, 3), TestContext.Current.CancellationToken)).Conflicts);
    }

    [Fact]
    public async Task Forged_row_at_the_end_of_a_boot_that_was_stopped_is_found_with_its_last_records()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var sink = SinkOf(database);
        await ForgeAsync(database, 2);
        Assert.Empty((await sink.WriteAsync(Batch(First, 0, 1), TestContext.Current.CancellationToken)).Conflicts);
        Assert.Empty((await sink.WriteAsync(Batch(First, 2, 3), TestContext.Current.CancellationToken)).Conflicts);
        Assert.Equal([new(2, "forged")], (await sink.WriteAsync(Batch(First, 4, 5, "audit.stopped"), TestContext.Current.CancellationToken)).Conflicts);
    }

    [Fact]
    public async Task Batch_that_comes_again_for_hours_is_looked_at_once()
    {
        await using var database = await AuditDatabase.CreateAsync(server);
        await using var connection = await database.Shipper.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var time = new FakeTimeProvider();
        var days = new OtherDays(new(PostgreSqlAuditSchema.DefaultSchema), time);
        for (var attempt = 0; attempt < 100; attempt++)
        {
            // Of two days, as at midnight, and after a while with what has come since.
            var batch = Batch(First, 0, attempt < 50 ? 9 : 19);
            var rows = batch.Records.Select(static record => AuditRow.TryRead(record, out _)!).Select(static row => row.Sequence > 4 ? row with { Time = row.Time.AddDays(1) } : row).ToList();
            Assert.NotNull(await days.FindAsync(connection, batch, rows, TestContext.Current.CancellationToken));
            time.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal(2, days.Count);
    }

    private static PostgreSqlAuditSink SinkOf(AuditDatabase database) => new(database.Shipper, PostgreSqlAuditSchema.DefaultSchema, ownsSource: false, new FakeTimeProvider());

    private static async Task ForgeAsync(AuditDatabase database, long sequence)
    {
        await using var forge = database.Shipper.CreateCommand(
            $"INSERT INTO gatewaykit_audit.records (inst, boot, seq, day, ts, kind, h, line) VALUES ('one', '{First}', {sequence}, current_date - 400, now(), 'end', 'forged', 'line')");
        await forge.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static AuditBatch Batch(Guid boot, int first, int last, string name = "test") => new()
    {
        Instance = "one", Boot = boot, Records = [.. Enumerable.Range(first, last - first + 1).Select(sequence => Line(sequence, name))], Checkpoints = [], Position = new(boot, 1, last, 1, 0),
    };

    private static AuditRecord Line(int sequence, string name) =>
        new(sequence, $"{sequence:D43}", "event", Encoding.UTF8.GetBytes($"{{\"v\":1,\"kind\":\"event\",\"ts\":\"{DateTime.UtcNow:yyyy-MM-dd}T00:00:00Z\",\"event\":\"{name}\",\"seq\":{sequence},\"h\":\"{sequence:D43}\"}}"));
}
