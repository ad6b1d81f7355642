using System.Diagnostics;

namespace GatewayKit.ClientTests.Hosting;

/// <summary>Runs a program to its end.</summary>
internal sealed record Command(int ExitCode, string Output, string Errors)
{
    // Far beyond what any of them takes: it ends a run that hangs.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static Task<Command> RunAsync(string program, params IEnumerable<string> arguments) => RunAsync(new ProcessStartInfo(program, arguments));

    /// <param name="start">What to run.</param>
    /// <param name="input">What it can read from standard input.</param>
    public static async Task<Command> RunAsync(ProcessStartInfo start, string input = "")
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end within {Limit}.");
        }
    }

    /// <summary>The output of a run that must succeed.</summary>
    public string OutputOfSuccess()
    {
        Assert.True(ExitCode == 0, $"Exit code {ExitCode}. Errors: {Errors} Output: {Output}");
        return Output;
    }
}
