using System.Diagnostics;
using System.Globalization;
using GatewayKit.Shared;

namespace GatewayKit.Benchmarks.Redis;

/// <summary>A server on a free port of the loopback, which keeps nothing.</summary>
internal sealed class LocalRedis : IDisposable
{
    private readonly Process _process;

    private LocalRedis(Process process, int port) => (_process, ConnectionString) = (process, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));

    public string ConnectionString { get; }

    public static async Task<LocalRedis> StartAsync()
    {
        var port = FreePort.Next();
        var process = Process.Start(new ProcessStartInfo(
            "redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]) { RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return new(process, port);
            }
        }

        throw new InvalidOperationException("redis-server does not start.");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
