namespace GatewayKit.Benchmarks.Compare;

/// <summary>What one target did in one round of one case.</summary>
internal sealed record Measurement(
    string Case,
    string Target,
    int Round,
    double CpuMicrosecondsPerRequest,
    double RequestsPerSecond,
    double P50Milliseconds,
    double P99Milliseconds,
    double? AllocatedBytesPerRequest,
    long ResidentBytes,
    string? Failure)
{
    /// <summary>Loads a target once and takes the differences of its counters.</summary>
    public static async Task<Measurement> TakeAsync(Target target, CompareCase test, int round, CompareOptions options, string folder, int? cpu)
    {
        var allocated = await target.AllocatedBytesAsync();
        var busy = target.CpuMicroseconds();
        var load = await Wrk.RunAsync(target.Address, test, options.Connections, options.Seconds, folder, cpu);
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
            (double?)allocated / load.Requests,
            target.ResidentBytes(),
            load.Failure);
    }
}
