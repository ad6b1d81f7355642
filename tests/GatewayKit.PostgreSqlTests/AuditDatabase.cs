using GatewayKit.PostgreSql;
using Npgsql;

namespace GatewayKit.PostgreSqlTests;

/// <summary>A database with the tables, and the connections of who made them and of the gateway.</summary>
internal sealed class AuditDatabase : IAsyncDisposable
{
    private const string ShipperPassword = "canary-of-the-shipper-8832";
    private static int _roles;

    private AuditDatabase(string administrator, string shipper)
    {
        (AdministratorString, ShipperString) = (administrator, shipper);
        (Administrator, Shipper) = (NpgsqlDataSource.Create(administrator), NpgsqlDataSource.Create(shipper));
    }

    public string AdministratorString { get; }

    public string ShipperString { get; }

    public NpgsqlDataSource Administrator { get; }

    public NpgsqlDataSource Shipper { get; }

    public static async Task<AuditDatabase> CreateAsync(PostgresServer server)
    {
        var administrator = await server.CreateDatabaseAsync();
        var role = $"shipper{Interlocked.Increment(ref _roles)}";
        var database = new AuditDatabase(administrator, new NpgsqlConnectionStringBuilder(administrator) { Username = role, Password = ShipperPassword }.ConnectionString);
        await database.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD '{ShipperPassword}'");
        var schema = new PostgreSqlAuditSchema { Shipper = role };
        await schema.CreateAsync(database.Administrator, TestContext.Current.CancellationToken);

        // Once more, as a deployment does.
        await schema.CreateAsync(database.Administrator, TestContext.Current.CancellationToken);
        return database;
    }

    public async Task ExecuteAsync(string text)
    {
        await using var command = Administrator.CreateCommand(text);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<long> CountAsync(string text)
    {
        await using var command = Administrator.CreateCommand(text);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>All rows as (inst, boot, seq, h), in order.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync()
    {
        var keys = new List<string>();
        await using var command = Administrator.CreateCommand("SELECT inst, boot, seq, h FROM gatewaykit_audit.records ORDER BY boot::text, seq");
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
        {
            keys.Add($"{rows.GetString(0)} {rows.GetGuid(1)} {rows.GetInt64(2)} {rows.GetString(3)}");
        }

        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        await Shipper.DisposeAsync();
        await Administrator.DisposeAsync();
    }
}
