using System.Diagnostics;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.AuditTests.Sinks;

/// <summary>What a disk does to a process that wants it to keep something, from when it is made until it is disposed: <c>strace</c> is in the way of each such call.</summary>
internal sealed class SyncFault : IAsyncDisposable
{
    private readonly Process _strace;

    private SyncFault(Process strace) => _strace = strace;

    /// <param name="gateway">The process.</param>
    /// <param name="fault">As <c>strace</c> puts it.</param>
    /// <exception cref="Xunit.Sdk.SkipException">Nobody may stand there; the test is skipped.</exception>
    public static async Task<SyncFault> InjectAsync(StandaloneProcess gateway, string fault)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/strace"), "strace is not installed.");
        var process = Directory.GetDirectories("/proc").Single(folder => int.TryParse(Path.GetFileName(folder), out _) && IsOf(folder, gateway.ConfigurationFile));
        var strace = Process.Start(new ProcessStartInfo("strace", ["-f", "-p", Path.GetFileName(process), "-e", "trace=fsync,fdatasync", "-e", $"inject=fsync,fdatasync:{fault}"]) { RedirectStandardError = true })!;
        while (await strace.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("attached", StringComparison.Ordinal))
            {
                _ = strace.StandardError.ReadToEndAsync();
                return new(strace);
            }

            Assert.SkipWhen(line.Contains("not permitted", StringComparison.Ordinal), $"strace may not do that here: {line}");
        }

        throw new InvalidOperationException("strace ended.");
    }

    public async ValueTask DisposeAsync()
    {
        // It lets go of the process before it ends.
        await Command.RunAsync("kill", "-INT", $"{_strace.Id}");
        await _strace.WaitForExitAsync();
        _strace.Dispose();
    }

    private static bool IsOf(string process, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0').Contains(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
