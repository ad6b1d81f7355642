using System.Diagnostics;

namespace GatewayKit.CliTests;

/// <summary>Runs the tool, as a process.</summary>
internal static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static Task<(int Code, string Output, string Error)> RunAsync(string folder, params IEnumerable<string> arguments) => RunAsync(folder, input: null, arguments);

    /// <summary>Runs it with something on its standard input.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(string folder, string? input, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "GatewayKit.Cli.dll"), .. arguments])
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading.
        }

        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"gatewaykit {string.Join(' ', arguments)} did not end in {Limit}.");
        }

        return (process.ExitCode, await output, await error);
    }
}
