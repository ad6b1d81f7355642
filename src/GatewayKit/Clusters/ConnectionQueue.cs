namespace GatewayKit.Clusters;

/// <summary>
/// Requests that wait for a connection to one destination, first come first served. The handler has a queue too, but none that could be
/// told from a slow destination, or bounded. Who holds a connection needs no count of its own: everyone in flight who does not wait.
/// </summary>
internal sealed class ConnectionQueue(DestinationUse use)
{
    private readonly LinkedList<TaskCompletionSource> _waiters = new();
    private readonly Lock _lock = new();
    private int _waiting;
    private int _most = 1;

    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits for a connection. The caller is counted in flight already.</summary>
    /// <param name="most">How many may hold one, and how many may wait.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="time">What measures it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it got one.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> says so.</exception>
    public async ValueTask<bool> WaitAsync(int most, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var waiter = new LinkedListNode<TaskCompletionSource>(new(TaskCreationOptions.RunContinuationsAsynchronously));
        Task waiting;
        lock (_lock)
        {
            if (_waiters.Count >= most)
            {
                return false;
            }

            _most = most;
            waiting = waiter.Value.Task.WaitAsync(limit, time, cancellationToken);
            _waiters.AddLast(waiter);

            // A fence: who ends now either sees that somebody waits, or is seen to be gone by the next line.
            Interlocked.Increment(ref _waiting);
            Admit();
        }

        try
        {
            await waiting.ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return !TryLeave(waiter);
        }
        catch (OperationCanceledException) when (!TryLeave(waiter))
        {
            return true;
        }
    }

    /// <summary>Somebody has ended.</summary>
    public void Next()
    {
        lock (_lock)
        {
            Admit();
        }
    }

    private void Admit()
    {
        while (_waiters.First is { } first && use.InFlight - _waiting < _most)
        {
            _waiters.RemoveFirst();
            Interlocked.Decrement(ref _waiting);
            first.Value.SetResult();
        }
    }

    /// <returns>Whether it still waited; otherwise it was just let in.</returns>
    private bool TryLeave(LinkedListNode<TaskCompletionSource> waiter)
    {
        lock (_lock)
        {
            if (waiter.List is null)
            {
                return false;
            }

            _waiters.Remove(waiter);
            Interlocked.Decrement(ref _waiting);
            return true;
        }
    }
}
