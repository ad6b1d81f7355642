namespace GatewayKit.Configuration;

/// <summary>
/// Keeps the pauses of the garbage collector short while a reload allocates. Nearly all that a reload makes lives on, and a collection
/// copies what lives: left alone, the collector first waits for a budget as large as half of the processor's cache and then stops
/// every request until all of it is carried on. Collected every few megabytes, the same work comes in steps that no request notices.
/// </summary>
/// <remarks>
/// No setting of the process is changed. What counts is what the whole process allocates: an idle host sees nothing of a small reload,
/// a busy one may see a collection that it was about to make anyway. Young generations only, and both: what was left in generation 1
/// would be carried at once later. Measured in <c>routing reload</c> of the benchmarks.
/// </remarks>
internal sealed class ReloadPace : IDisposable
{
    private const long Step = 2 * 1024 * 1024;
    private const int MillisecondsBetweenLooks = 1;
    private readonly ManualResetEvent _over = new(initialState: false);
    private readonly Thread _thread;

    public ReloadPace()
    {
        // Not a timer: under load the thread pool, which runs timers, is busy with requests.
        _thread = new Thread(Keep) { IsBackground = true, Name = "GatewayKit reload pace" };
        _thread.Start();
    }

    public void Dispose()
    {
        _over.Set();
        _thread.Join();
        _over.Dispose();
    }

    private void Keep()
    {
        var (allocated, collections) = Now();
        while (!_over.WaitOne(MillisecondsBetweenLooks))
        {
            var now = Now();
            if (now.Collections == collections && now.Allocated - allocated < Step)
            {
                continue;
            }

            if (now.Collections == collections)
            {
                GC.Collect(1, GCCollectionMode.Forced, blocking: true);
            }

            (allocated, collections) = Now();
        }
    }

    private static (long Allocated, int Collections) Now() => (GC.GetTotalAllocatedBytes(), GC.CollectionCount(0));
}
