using Microsoft.Extensions.Primitives;

namespace GatewayKit.Configuration;

/// <summary>
/// Turns the change tokens of all sources into reloads. The first change starts a short wait that takes in those that follow: editors
/// write a file in several steps. A change during a reload starts the next one, so the last change is always read.
/// </summary>
internal sealed class ReloadSchedule : IDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private readonly List<IDisposable> _subscriptions = [];
    private readonly ITimer _timer;
    private readonly Action _reload;
    private int _pending;

    public ReloadSchedule(IEnumerable<IRouteSource> sources, Action reload, TimeProvider time)
    {
        _reload = reload;
        _timer = time.CreateDetachedTimer(static state => ((ReloadSchedule)state!).Fire(), this);
        foreach (var source in sources)
        {
            _subscriptions.Add(ChangeToken.OnChange(source.GetChangeToken, Change));
        }
    }

    public void Dispose()
    {
        _subscriptions.ForEach(static subscription => subscription.Dispose());
        _timer.Dispose();
    }

    private void Change()
    {
        if (Interlocked.Exchange(ref _pending, 1) == 0)
        {
            _timer.Change(Wait, Timeout.InfiniteTimeSpan);
        }
    }

    private void Fire()
    {
        // Cleared before reading starts: a change from now on is one that this reload may miss.
        Volatile.Write(ref _pending, 0);
        _reload();
    }
}
