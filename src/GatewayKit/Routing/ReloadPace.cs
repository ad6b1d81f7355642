namespace GatewayKit.Routing;

/// <summary>
/// Keeps the pauses of the garbage collector short while a reload allocates. Nearly all that a reload makes lives on, and a collection
/// copies what lives: left alone, the collector first waits for a budget as large as half of the processor's cache and then stops
/// every request until all of it is carried on. Collected every megabyte, the same work comes in steps that no request notices.
/// </summary>
/// <remarks>
/// The thread that reloads collects itself, between two routes: it cannot run ahead of the collector, also not while a background
/// collection is under way, which a collection on another thread would wait for. Both young generations: what was left in
/// generation 1 would be carried at once later. No setting of the process is changed. Measured in <c>routing reload</c> of the benchmarks.
/// </remarks>
internal sealed class ReloadPace : IDisposable
{
    private const long BytesBetweenCollections = 1024 * 1024;

    [ThreadStatic]
    private static ReloadPace? _ofThisThread;

    private long _next = GC.GetAllocatedBytesForCurrentThread() + BytesBetweenCollections;

    private ReloadPace()
    {
    }

    /// <summary>Paces this thread until it is disposed.</summary>
    public static ReloadPace Start() => _ofThisThread = new();

    /// <summary>To be called between two pieces of work, from everything that walks over routes or endpoints. Costs nothing on other threads.</summary>
    public static void Step() => _ofThisThread?.CollectWhenDue();

    /// <summary>
    /// Paces, until it is disposed, also what this thread does in code that does not step: the framework builds the tree of its automaton in
    /// one go. Nothing if this thread is not paced.
    /// </summary>
    public static IDisposable? Watch() => _ofThisThread is null ? null : new Watcher();

    public void Dispose() => _ofThisThread = null;

    private void CollectWhenDue()
    {
        if (GC.GetAllocatedBytesForCurrentThread() >= _next)
        {
            Collect();
            _next = GC.GetAllocatedBytesForCurrentThread() + BytesBetweenCollections;
        }
    }

    private static void Collect() => GC.Collect(1, GCCollectionMode.Forced, blocking: true);

    private sealed class Watcher : IDisposable
    {
        private const int MillisecondsBetweenLooks = 1;
        private readonly ManualResetEvent _over = new(initialState: false);
        private readonly Thread _thread;

        public Watcher()
        {
            // Not a timer: under load the thread pool, which runs timers, is busy with requests.
            _thread = new(Watch) { IsBackground = true, Name = "GatewayKit reload pace" };
            _thread.Start();
        }

        public void Dispose()
        {
            _over.Set();
            _thread.Join();
            _over.Dispose();
        }

        private void Watch()
        {
            var (allocated, collections) = (GC.GetTotalAllocatedBytes(), GC.CollectionCount(0));
            while (!_over.WaitOne(MillisecondsBetweenLooks))
            {
                var isCollected = GC.CollectionCount(0) != collections;
                if (isCollected || GC.GetTotalAllocatedBytes() - allocated >= BytesBetweenCollections)
                {
                    if (!isCollected)
                    {
                        Collect();
                    }

                    (allocated, collections) = (GC.GetTotalAllocatedBytes(), GC.CollectionCount(0));
                }
            }
        }
    }
}
