namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// Places that requests take and give back, and those who wait for one, first come first served. Who takes brings the number there are, so that a
/// reload changes the number and keeps the count. Without waiters a place costs two atomic operations.
/// </summary>
internal sealed class Places(TimeProvider time)
{
    private readonly LinkedList<Waiter> _waiters = new();
    private readonly Lock _lock = new();
    private int _taken;
    private int _waiting;

    // The most places that anyone has waited for.
    private int _most;

    public int Taken => Volatile.Read(ref _taken);

    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Takes a place if there is one that nobody waits for.</summary>
    /// <param name="max">How many there are.</param>
    public bool TryTake(int max)
    {
        if (Waiting == 0)
        {
            return TryAdd(max);
        }

        // Those who wait may be satisfied with fewer places than there are for this one.
        lock (_lock)
        {
            Admit();
            return TryAdd(max);
        }
    }

    /// <summary>Takes a place whether there is one or not, so that a limit that is only tried sees everyone.</summary>
    public void Take() => Interlocked.Increment(ref _taken);

    /// <summary>Gives a place back. One of those who wait gets it.</summary>
    public void GiveBack()
    {
        Interlocked.Decrement(ref _taken);
        if (Waiting > 0)
        {
            lock (_lock)
            {
                Admit();
            }
        }
    }

    /// <summary>Waits for a place.</summary>
    /// <param name="max">How many there are.</param>
    /// <param name="mostWaiting">How many may wait.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there is one now.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> says so; no place is held.</exception>
    public async ValueTask<bool> TakeAsync(int max, int mostWaiting, TimeSpan limit, CancellationToken cancellationToken)
    {
        var waiter = new LinkedListNode<Waiter>(new(max));
        Task waiting;
        lock (_lock)
        {
            if (_waiters.Count >= mostWaiting)
            {
                return false;
            }

            _most = Math.Max(_most, max);
            waiting = waiter.Value.Task.WaitAsync(limit, time, cancellationToken);
            _waiters.AddLast(waiter);

            // A fence: who gives back now either sees that somebody waits, or is seen to be gone by the next line.
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
        catch (OperationCanceledException)
        {
            if (!TryLeave(waiter))
            {
                GiveBack();
            }

            throw;
        }
    }

    private bool TryAdd(int max)
    {
        var taken = Taken;
        while (taken < max)
        {
            var seen = Interlocked.CompareExchange(ref _taken, taken + 1, taken);
            if (seen == taken)
            {
                return true;
            }

            taken = seen;
        }

        return false;
    }

    // Where all have the same number, the first is the only one that is looked at in vain.
    private void Admit()
    {
        var refused = 0;
        for (var waiter = _waiters.First; waiter is not null && Taken < _most;)
        {
            var next = waiter.Next;
            if (waiter.Value.Max > refused && TryAdd(waiter.Value.Max))
            {
                _waiters.Remove(waiter);
                Interlocked.Decrement(ref _waiting);
                waiter.Value.SetResult();
            }
            else
            {
                refused = Math.Max(refused, waiter.Value.Max);
            }

            waiter = next;
        }
    }

    /// <returns>Whether it still waited; otherwise it was just let in.</returns>
    private bool TryLeave(LinkedListNode<Waiter> waiter)
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

    private sealed class Waiter(int max) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Max => max;
    }
}
