namespace GatewayKit.Tests;

/// <summary>What code allocates.</summary>
internal static class Allocations
{
    /// <summary>The bytes that code allocates on this thread: the least of some runs, because a collection that another test sets off takes what is left of a thread's room for taken.</summary>
    public static long Of(Action code)
    {
        var least = long.MaxValue;
        for (var run = 0; run < 5; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            code();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
