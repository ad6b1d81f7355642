using System.Collections.Concurrent;

namespace GatewayKit.WireTests.Aborts;

/// <summary>Exceptions of tasks that nobody looked at, from when it is made until it is disposed. Those of other tests' own code do not count.</summary>
internal sealed class UnobservedExceptions : IDisposable
{
    private readonly ConcurrentQueue<Exception> _seen = new();

    public UnobservedExceptions()
    {
        Collect();
        TaskScheduler.UnobservedTaskException += Note;
    }

    /// <summary>Collects what is garbage now and tells what came up.</summary>
    public IReadOnlyCollection<Exception> Take()
    {
        Collect();
        return [.. _seen.Where(static exception => !exception.ToString().Contains("GatewayKit.WireTests.", StringComparison.Ordinal))];
    }

    public void Dispose() => TaskScheduler.UnobservedTaskException -= Note;

    private static void Collect()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private void Note(object? sender, UnobservedTaskExceptionEventArgs arguments) => _seen.Enqueue(arguments.Exception);
}
