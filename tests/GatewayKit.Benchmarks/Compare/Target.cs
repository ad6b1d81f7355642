namespace GatewayKit.Benchmarks.Compare;

/// <summary>A server under measurement, in a process of its own.</summary>
internal sealed class Target(string name, ChildProcess process, int port, string runtime, string features) : IAsyncDisposable
{
    private readonly ProcessTree _tree = new(process.Id);

    public string Name { get; } = name;

    public Uri Address { get; } = new($"http://127.0.0.1:{port}");

    /// <summary>What it runs on, in its own words.</summary>
    public string Runtime { get; } = runtime;

    /// <summary>How it does the <c>features</c> case.</summary>
    public string Features { get; } = features;

    public bool IsAlive => !process.HasExited;

    public bool IsManaged { get; init; }

    public double CpuMicroseconds() => _tree.CpuMicroseconds();

    public double CompilerMicroseconds() => _tree.CompilerMicroseconds();

    public long ResidentBytes() => _tree.ResidentBytes();

    /// <summary>Bytes the managed heap has handed out since the process started; <see langword="null"/> outside .NET.</summary>
    public async Task<long?> AllocatedBytesAsync() =>
        IsManaged ? long.Parse(await AskAsync("allocated"), System.Globalization.CultureInfo.InvariantCulture) : null;

    /// <summary>Sends a command that has one line for an answer.</summary>
    public async Task<string> AskAsync(string command)
    {
        await TellAsync(command);
        return await ReadLineAsync();
    }

    public async Task TellAsync(string command)
    {
        await process.Input.WriteLineAsync(command);
        await process.Input.FlushAsync();
    }

    public async Task<string> ReadLineAsync() =>
        await process.Output.ReadLineAsync() ?? throw new InvalidOperationException($"{Name} ended.");

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
