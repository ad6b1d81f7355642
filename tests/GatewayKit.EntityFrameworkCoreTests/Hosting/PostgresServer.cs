using System.Diagnostics;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Shared;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace GatewayKit.EntityFrameworkCoreTests.Hosting;

/// <summary>A real server of Debian's package on a free port of the loopback, which keeps nothing. It refuses root, so root starts it as the user that the package brings.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    public const string Password = "canary-of-the-database-5417";
    private const string User = "gateway";
    private const int Tries = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string Binaries = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-postgres");
    private Process? _process;
    private int _databases;

    public int Port { get; private set; }

    private string DataDirectory => Path.Combine(_directory.FullName, "data");

    public async ValueTask InitializeAsync()
    {
        var password = Path.Combine(_directory.FullName, "password");
        await File.WriteAllTextAsync(password, Password);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "-R", "postgres:postgres", _directory.FullName);
        }

        await RunAsync([.. As(), $"{Binaries}/initdb", "-D", DataDirectory, "-U", User, "--pwfile", password, "--auth", "scram-sha-256", "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"]);

        // Somebody else may take a port between the moment that it was free and the one that the server has it.
        for (var tries = 1; ; tries++)
        {
            Port = FreePort.Next();
            if (await StartAsync())
            {
                return;
            }

            Assert.True(tries < Tries, "postgres does not start.");
        }
    }

    /// <summary>The connection string of a new, empty database; its name is made by the server's own clients.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        await using var connection = new Npgsql.NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name} TEMPLATE template0";
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    /// <summary>Ends it at once, as a machine that fails.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false } process)
        {
            await RunAsync("kill", "-QUIT", $"{process.Id}");
            await process.WaitForExitAsync();
        }
    }

    /// <summary>Starts it again, where it was and with what it had.</summary>
    public async Task RestartAsync() => Assert.True(await StartAsync(), "postgres does not start again.");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        _directory.Delete(recursive: true);
    }

    private string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={Port};Database={database};Username={User};Password={Password};Maximum Pool Size=20;Timeout=5";

    private async Task<bool> StartAsync()
    {
        _process?.Dispose();
        string[] command =
        [
            .. As(), $"{Binaries}/postgres", "-D", DataDirectory, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
            "-c", "max_connections=200", "-c", "logging_collector=off",
        ];
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        var output = _process.StandardError;
        using var limit = new CancellationTokenSource(Limit);
        while (await output.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Contains("database system is ready to accept connections", StringComparison.Ordinal))
            {
                // Nobody reads on, and it writes on.
                _ = output.ReadToEndAsync(CancellationToken.None);
                return true;
            }
        }

        return false;
    }

    // The process becomes the server, so that its id is the server's.
    private static string[] As() => Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] : [];

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{command[0]}: {await output} {error}");
    }
}
