using System.Diagnostics;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>A process of the run. It is stopped by its id, politely first.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public StreamWriter Input => _process.StandardInput;

    public StreamReader Output => _process.StandardOutput;

    public static ProcessStartInfo Describe(string file, IEnumerable<string> arguments, int? cpu) => cpu is { } number
        ? new ProcessStartInfo("taskset", ["-c", number.ToString(System.Globalization.CultureInfo.InvariantCulture), file, .. arguments])
        : new ProcessStartInfo(file, arguments);

    /// <summary>Starts a process that is spoken to over its input and output.</summary>
    public static ChildProcess Start(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        return new(Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start."));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            await SignalAsync("-TERM");
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }
        }

        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
