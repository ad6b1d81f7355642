using System.Diagnostics;

namespace GatewayKit.CliTests;

/// <summary>Runs the tool, as a process.</summary>
internal static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static Task<(int Code, string Output, string Error)> RunAsync(string folder, params IEnumerable<string> arguments) => RunAsync(folder, input: null, arguments);

    /// <summary>Runs it with something on its standard input.</summary>
    public static Task<(int Code, string Output, string Error)> RunAsync(string folder, string? input, IEnumerable<string> arguments) => RunAsync(folder, input, ["dotnet", .. Command, .. arguments]);

    /// <summary>Runs it as a user of whom nothing is known but a number.</summary>
    public static Task<(int Code, string Output, string Error)> RunAsAsync(int uid, string folder, params IEnumerable<string> arguments) =>
        RunAsync(folder, input: null, ["setpriv", "--reuid", $"{uid}", "--clear-groups", "dotnet", .. Command, .. arguments]);

    private static string[] Command => ["exec", Path.Combine(AppContext.BaseDirectory, "GatewayKit.Cli.dll")];

    private static async Task<(int Code, string Output, string Error)> RunAsync(string folder, string? input, string[] line)
    {
        var start = new ProcessStartInfo(line[0], line[1..]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
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
            throw new TimeoutException($"{string.Join(' ', line)} did not end in {Limit}.");
        }

        return (process.ExitCode, await output, await error);
    }
}
