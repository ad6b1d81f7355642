using GatewayKit.EntityFrameworkCoreTests.Hosting;
using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>The databases that the tests of one class run on.</summary>
public abstract class Databases(PostgresServer server) : IDisposable
{
    private readonly SqliteFile _file = new();

    public enum Kind
    {
        Sqlite,
        Postgres,
    }

    public static TheoryData<Kind> Kinds => [Kind.Sqlite, Kind.Postgres];

    public void Dispose()
    {
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>How contexts find an empty database of a kind.</summary>
    private protected async Task<Action<DbContextOptionsBuilder>> OpenAsync(Kind kind)
    {
        if (kind is Kind.Sqlite)
        {
            return _file.Use;
        }

        var connection = await server.CreateDatabaseAsync();
        return options => options.UseNpgsql(connection);
    }
}
