using System.Diagnostics;
using System.Text;

namespace GatewayKit.ClientTests.Hosting;

/// <summary>The Standalone sample as a process of its own, listening at free ports of the loopback.</summary>
internal sealed class StandaloneProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();
    private readonly StringBuilder _log = new();
    private readonly Process _process;
    private readonly List<Uri> _addresses = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(string Part, TaskCompletionSource Found)> _waiters = [];
    private readonly int _listeners;

    private StandaloneProcess(string json, IReadOnlyList<string> schemes, IEnumerable<string> arguments)
    {
        ConfigurationFile = _folder.Write("gateway.json", json);
        _listeners = schemes.Count;
        string[] urls = ["--urls", string.Join(';', schemes.Select(static scheme => $"{scheme}://127.0.0.1:0"))];
        _process = new Process { StartInfo = Start(["--config", ConfigurationFile, .. urls, .. arguments]), EnableRaisingEvents = true };
        (_process.StartInfo.RedirectStandardOutput, _process.StartInfo.RedirectStandardError) = (true, true);
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Record(line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"Standalone ended early.\n{Log}"));
    }

    public string ConfigurationFile { get; }

    /// <summary>Everything it has printed so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Where it listens, in the order of the schemes asked for; h2c addresses are given as http.</summary>
    public IReadOnlyList<Uri> Addresses => _addresses;

    public Uri Address => _addresses[0];

    /// <summary>How Standalone is called.</summary>
    public static ProcessStartInfo Start(IEnumerable<string> arguments) => new("dotnet", ["exec", Paths.StandaloneAssembly, .. arguments]);

    public static async Task<StandaloneProcess> StartAsync(string json, IReadOnlyList<string>? schemes = null, params IEnumerable<string> arguments)
    {
        var standalone = new StandaloneProcess(json, schemes ?? ["http"], arguments);
        standalone._process.Start();
        standalone._process.BeginOutputReadLine();
        standalone._process.BeginErrorReadLine();
        try
        {
            await standalone._ready.Task.WaitAsync(Limit);
            return standalone;
        }
        catch (TimeoutException exception)
        {
            await standalone.DisposeAsync();
            throw new TimeoutException($"Standalone was not ready within {Limit}.\n{standalone.Log}", exception);
        }
    }

    /// <summary>A configuration with one route for every path.</summary>
    public static string ForwardAllTo(Uri upstream, string http = "{}", string tls = "{}") => $$"""
        {
          "Gateway": {
            "DrainDelay": "00:00:00",
            "Clusters": { "upstream": { "Http": {{http}}, "Tls": {{tls}}, "Destinations": { "a": { "Address": "{{upstream}}" } } } },
            "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Cluster": "upstream" } }
          }
        }
        """;

    /// <summary>Waits for a line of its output that has not been printed yet.</summary>
    public Task WaitForLogAsync(string part)
    {
        var waiter = (part, Found: new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_log)
        {
            _waiters.Add(waiter);
        }

        return WaitAsync();

        async Task WaitAsync()
        {
            try
            {
                await waiter.Found.Task.WaitAsync(Limit);
            }
            catch (TimeoutException exception)
            {
                throw new TimeoutException($"'{part}' was not printed within {Limit}.\n{Log}", exception);
            }
        }
    }

    /// <summary>Sends SIGTERM.</summary>
    public Task TellToStopAsync() => Command.RunAsync("kill", "-TERM", $"{_process.Id}");

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _folder.Dispose();
    }

    private void Read(string? line)
    {
        Record(line);
        const string announcement = "Listening on ";
        if (line?.StartsWith(announcement, StringComparison.Ordinal) is true && _addresses.Count < _listeners)
        {
            _addresses.Add(new Uri(line[announcement.Length..].Replace("h2c://", "http://", StringComparison.Ordinal)));
            if (_addresses.Count == _listeners)
            {
                _ready.TrySetResult();
            }
        }
    }

    private void Record(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
            foreach (var waiter in _waiters.Where(waiter => line?.Contains(waiter.Part, StringComparison.Ordinal) is true))
            {
                waiter.Found.TrySetResult();
            }
        }
    }
}
