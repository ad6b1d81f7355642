using System.Diagnostics;
using System.Text;

namespace GatewayKit.PackageTests;

/// <summary>An app that says where it listens.</summary>
internal sealed class ServingProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private readonly Process _process;

    private ServingProcess(Process process) => _process = process;

    public Uri Address { get; private set; } = null!;

    public static async Task<ServingProcess> StartAsync(string folder, string announcement, params IEnumerable<string> arguments)
    {
        var process = new Process
        {
            StartInfo = new("dotnet", ["exec", .. arguments]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true },
            EnableRaisingEvents = true,
        };
        var (ready, log) = (new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously), new StringBuilder());
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException("The app ended early."));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var serving = new ServingProcess(process);
        try
        {
            serving.Address = await ready.Task.WaitAsync(Limit);
            return serving;
        }
        catch (Exception exception)
        {
            await serving.DisposeAsync();
            lock (log)
            {
                throw new InvalidOperationException($"The app did not start.\n{log}", exception);
            }
        }

        void Read(string? line)
        {
            lock (log)
            {
                log.AppendLine(line);
            }

            if (line?.StartsWith(announcement, StringComparison.Ordinal) is true)
            {
                ready.TrySetResult(new Uri(line[announcement.Length..].Split(' ')[0].TrimEnd('.')));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
