namespace GatewayKit.Resilience.Shedding;

/// <summary>Reads the signals that .NET gives of its own process. One caller at a time.</summary>
/// <param name="time">What times are measured by.</param>
/// <param name="processors">How many processors the process may use. Default: what the machine and the process's control group say.</param>
internal sealed class ProcessSignals(TimeProvider time, Func<double>? processors = null)
{
    // Memory is known from collections. Who allocates so little that there are none for so long is not short of it; else one reading would refuse all
    // requests, and without requests there would never be another.
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(10);

    // A quota may change while the process runs, though seldom.
    private static readonly TimeSpan QuotaAge = TimeSpan.FromSeconds(10);

    private readonly Func<double> _processors = processors ?? CpuQuota.OfProcess;
    private long _readAt = time.GetTimestamp(), _collectedAt = time.GetTimestamp(), _quotaAt = time.GetTimestamp();
    private double _mayUse;
    private TimeSpan _cpu = Environment.CpuUsage.TotalTime, _pause = GC.GetTotalPauseDuration();
    private int _collections = GC.CollectionCount(0);

    public HostReading Read()
    {
        var (now, cpu, pause, collections) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime, GC.GetTotalPauseDuration(), GC.CollectionCount(0));
        var elapsed = time.GetElapsedTime(_readAt, now);
        if (collections != _collections)
        {
            _collectedAt = now;
        }

        if (_mayUse <= 0 || time.GetElapsedTime(_quotaAt, now) >= QuotaAge)
        {
            (_quotaAt, _mayUse) = (now, _processors());
        }

        var memory = GC.GetGCMemoryInfo(GCKind.Any);
        var reading = new HostReading(
            (double)ThreadPool.PendingWorkItemCount / Environment.ProcessorCount,
            memory.TotalAvailableMemoryBytes > 0 && time.GetElapsedTime(_collectedAt, now) < Stale ? (double)memory.MemoryLoadBytes / memory.TotalAvailableMemoryBytes : 0,
            elapsed > TimeSpan.Zero ? (pause - _pause) / elapsed : 0,
            elapsed > TimeSpan.Zero ? (cpu - _cpu) / elapsed / _mayUse : 0);
        (_readAt, _cpu, _pause, _collections) = (now, cpu, pause, collections);
        return reading;
    }
}
