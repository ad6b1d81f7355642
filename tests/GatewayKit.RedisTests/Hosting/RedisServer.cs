using System.Diagnostics;
using System.Globalization;
using System.Net;
using GatewayKit.Shared;
using StackExchange.Redis;

namespace GatewayKit.RedisTests.Hosting;

/// <summary>A real server on a free port of the loopback, which keeps nothing. It is stopped with the tests that started it.</summary>
public sealed class RedisServer : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private const int Tries = 5;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-redis");
    private Process? _process;
    private ConnectionMultiplexer? _control;

    /// <summary>What is added to its command line.</summary>
    public string[] Settings { get; init; } = [];

    public int Port { get; private set; }

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Port);

    public string ConnectionString => $"127.0.0.1:{Port}";

    /// <summary>A way to it beside the gateway's.</summary>
    public IDatabase Database => _control!.GetDatabase();

    public IServer Server => _control!.GetServer(EndPoint);

    public async ValueTask InitializeAsync()
    {
        // Somebody else may take a port between the moment that it was free and the one that the server has it.
        for (var tries = 1; ; tries++)
        {
            Port = FreePort.Next();
            if (await StartAsync())
            {
                return;
            }

            Assert.True(tries < Tries, "redis-server does not start.");
        }
    }

    /// <summary>Ends it at once, as the kernel does when memory is short.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    /// <summary>Starts it anew with nothing in it, where it was.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        Assert.True(await StartAsync(), "redis-server does not start again.");
    }

    /// <summary>Lets it stand still: connections stay, and nothing is answered.</summary>
    public Task HangAsync() => SignalAsync("STOP");

    public Task GoOnAsync() => SignalAsync("CONT");

    /// <summary>How often a command has run, also within scripts.</summary>
    public async Task<long> CountAsync(string command)
    {
        var statistics = $"{await Database.ExecuteAsync("INFO", "commandstats")}";
        var start = statistics.IndexOf($"cmdstat_{command}:calls=", StringComparison.Ordinal);
        return start < 0 ? 0 : long.Parse(statistics[(statistics.IndexOf('=', start) + 1)..statistics.IndexOf(',', start)], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        if (_control is not null)
        {
            await _control.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private async Task<bool> StartAsync()
    {
        _process?.Dispose();
        _process = Process.Start(new ProcessStartInfo(
            "redis-server",
            ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _directory.FullName, .. Settings]) { RedirectStandardOutput = true })!;
        var output = _process.StandardOutput;
        using var limit = new CancellationTokenSource(Limit);
        while (await output.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                // Nobody reads on, and it writes on.
                _ = output.ReadToEndAsync(CancellationToken.None);
                _control ??= await ConnectionMultiplexer.ConnectAsync($"{ConnectionString},allowAdmin=true,abortConnect=false{PasswordOf(Settings)}");
                return true;
            }
        }

        return false;
    }

    private static string PasswordOf(string[] settings) => settings is ["--requirepass", var password, ..] ? $",password={password}" : string.Empty;

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }
}
