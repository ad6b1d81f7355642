using System.Diagnostics;

namespace GatewayKit.Clusters;

/// <summary>
/// The connections of a cluster. Disposing a handler cuts requests that still use it (E17), so its users are counted: the snapshot is
/// one, each request in flight is one. When the last leaves, the connections are closed.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Disposed when the last user leaves.")]
internal sealed class ClusterTransport
{
    private readonly Func<HttpMessageHandler> _createHandler;
    private readonly Lock _lock = new();
    private HttpMessageInvoker? _invoker;
    private int _users = 1;
    private int _retired;

    public ClusterTransport(Func<HttpMessageHandler> createHandler)
    {
        _createHandler = createHandler;
        var handler = createHandler();
        HasStreamsAtOnce = handler is SocketsHttpHandler;
        _invoker = new HttpMessageInvoker(handler);
    }

    /// <summary>Whether the content of an answer is a stream as soon as the head is there, so that getting it waits for nothing.</summary>
    public bool HasStreamsAtOnce { get; }

    /// <summary>Whether there are connections that could carry a request.</summary>
    public bool IsOpen => Volatile.Read(ref _invoker) is not null;

    /// <summary>Counts a request in; the caller calls <see cref="Release"/> once.</summary>
    public HttpMessageInvoker Acquire()
    {
        Interlocked.Increment(ref _users);
        if (Volatile.Read(ref _invoker) is { } invoker)
        {
            return invoker;
        }

        try
        {
            return Reopen();
        }
        catch
        {
            // A certificate file may be gone since.
            Release();
            throw;
        }
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Close();
        }
    }

    /// <summary>No snapshot needs it any more. Idempotent.</summary>
    public void Retire()
    {
        if (Interlocked.Exchange(ref _retired, 1) == 0)
        {
            Release();
        }
    }

    private void Close()
    {
        lock (_lock)
        {
            // First out of reach, then a look at the users: a request that came meanwhile sees either nothing or is seen.
            var invoker = Interlocked.Exchange(ref _invoker, null);
            if (Volatile.Read(ref _users) == 0)
            {
                invoker?.Dispose();
            }
            else
            {
                Volatile.Write(ref _invoker, invoker);
            }
        }
    }

    // A request that was routed before the reload and took its time in a filter: it gets its old settings all the same.
    private HttpMessageInvoker Reopen()
    {
        lock (_lock)
        {
            Debug.Assert(_users > 0, "The caller counted itself in.");
            if (_invoker is null)
            {
                Volatile.Write(ref _invoker, new HttpMessageInvoker(_createHandler()));
            }

            return _invoker!;
        }
    }
}
