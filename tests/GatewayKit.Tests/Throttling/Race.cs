namespace GatewayKit.Tests.Throttling;

/// <summary>Lets many threads do one thing at the same moment.</summary>
internal sealed class Race : IDisposable
{
    private readonly Barrier _barrier;
    private readonly Thread[] _threads;
    private Func<bool>? _run;
    private int _won;

    /// <param name="runners">How many threads.</param>
    public Race(int runners)
    {
        _barrier = new Barrier(runners + 1);
        _threads = [.. Enumerable.Range(0, runners).Select(_ => new Thread(Loop) { IsBackground = true })];
        Array.ForEach(_threads, static thread => thread.Start());
    }

    /// <returns>How many of them succeeded.</returns>
    public int Count(Func<bool> run)
    {
        (_run, _won) = (run, 0);
        _barrier.SignalAndWait();
        _barrier.SignalAndWait();
        return _won;
    }

    public void Dispose()
    {
        _run = null;
        _barrier.SignalAndWait();
        Array.ForEach(_threads, static thread => thread.Join());
        _barrier.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_run is not { } run)
            {
                return;
            }

            if (run())
            {
                Interlocked.Increment(ref _won);
            }

            _barrier.SignalAndWait();
        }
    }
}
