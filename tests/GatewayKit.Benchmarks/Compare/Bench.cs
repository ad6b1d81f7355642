namespace GatewayKit.Benchmarks.Compare;

/// <summary>The processes of one run, in a folder of their own. Whatever happens, they end and the folder goes.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly BenchOptions _options;
    private readonly string _folder = Directory.CreateTempSubdirectory("gatewaykit-bench-").FullName;
    private readonly List<Target> _targets = [];
    private UpstreamServer? _upstream;
    private TargetCatalog? _catalog;

    private Bench(BenchOptions options) => _options = options;

    public IReadOnlyList<Target> Targets => _targets;

    private int? LoadCpu => _options.Pin ? 0 : null;

    private int? TargetCpu => _options.Pin ? 1 : null;

    public static async Task<Bench> StartAsync(BenchOptions options)
    {
        var bench = new Bench(options);
        try
        {
            await bench.StartUpstreamAsync();
            foreach (var name in options.Targets)
            {
                bench._targets.Add(await bench.StartTargetAsync(name));
            }

            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more target, which belongs to the caller.</summary>
    public Task<Target> StartTargetAsync(string name) => _catalog!.StartAsync(name);

    public Task<WrkResult> LoadAsync(Target target, CompareCase test, int seconds) =>
        Wrk.RunAsync(target.Address, test, _options.Connections, seconds, _folder, LoadCpu);

    /// <summary>Loads a target once and takes the differences of its counters.</summary>
    public async Task<Measurement> MeasureAsync(Target target, CompareCase test, int round)
    {
        var allocated = await target.AllocatedBytesAsync();
        var busy = target.CpuMicroseconds();
        var load = await LoadAsync(target, test, _options.Seconds);
        busy = target.CpuMicroseconds() - busy;
        allocated = await target.AllocatedBytesAsync() - allocated;
        return new(
            test.Name,
            target.Name,
            round,
            busy / load.Requests,
            load.RequestsPerSecond,
            load.P50Milliseconds,
            load.P99Milliseconds,

            // The runtime's count has been seen to go back once in some hundred turns; such a turn has no figure.
            allocated >= 0 ? (double)allocated / load.Requests : null,
            target.ResidentBytes(),
            load.Failure);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var target in _targets)
        {
            await target.DisposeAsync();
        }

        if (_upstream is not null)
        {
            await _upstream.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartUpstreamAsync()
    {
        _upstream = await UpstreamServer.StartAsync(_folder, LoadCpu);
        _catalog = new(_folder, _upstream.Address, _options.ServerGC, _options.Logging, TargetCpu);
    }
}
