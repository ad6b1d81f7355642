using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCoreTests.Hosting;

/// <summary>A database of SQLite in a file of its own.</summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-sqlite");

    public string Path => System.IO.Path.Combine(_directory.FullName, "consumers.db");

    public string ConnectionString => $"Data Source={Path}";

    public void Use(DbContextOptionsBuilder options) => options.UseSqlite(ConnectionString);

    public void Dispose()
    {
        using var connection = new SqliteConnection(ConnectionString);
        SqliteConnection.ClearPool(connection);
        _directory.Delete(recursive: true);
    }
}
