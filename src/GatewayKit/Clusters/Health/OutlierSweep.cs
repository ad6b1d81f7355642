namespace GatewayKit.Clusters.Health;

/// <summary>
/// Looks once a second at the clusters that get requests, and at no other: one timer for all of them, which stands still while there are none.
/// </summary>
internal sealed class OutlierSweep : IDisposable
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<ClusterVitals, OutlierWatch> _swept = [];
    private readonly ITimer _timer;
    private bool _isDisposed;

    public OutlierSweep(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateDetachedTimer(static sweep => ((OutlierSweep)sweep!).Run(), this);
    }

    public void Add(ClusterVitals vitals)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _swept[vitals] = new(vitals, _time);
            if (_swept.Count == 1)
            {
                _timer.Change(Period, Period);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        _timer.Dispose();
    }

    private void Run()
    {
        OutlierWatch[] watches;
        lock (_lock)
        {
            watches = [.. _swept.Values];
        }

        foreach (var watch in watches)
        {
            if (!watch.Look())
            {
                End(watch.Vitals);
            }
        }
    }

    private void End(ClusterVitals vitals)
    {
        lock (_lock)
        {
            _swept.Remove(vitals);
            if (_swept.Count == 0 && !_isDisposed)
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        // Only now: a request that comes from here on adds it again.
        vitals.EndSweeps();
    }
}
