namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// Places that requests take and give back, and those who wait for one, first come first served unless their terms say otherwise. Who takes brings the
/// number there are, so that a reload changes the number and keeps the count. Without waiters a place costs two atomic operations.
/// </summary>
internal sealed class Places(TimeProvider time)
{
    private readonly LinkedList<Waiter> _waiters = new();
    private readonly Lock _lock = new();
    private int _taken;
    private int _waiting;

    // The most places that anyone has waited for.
    private int _most;

    // The terms of all who wait, if they are the same; else there is none.
    private PlaceTerms? _shared;

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
    /// <param name="terms">How many there are, how many may wait, how long.</param>
    /// <param name="left">What is left of the deadline.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there is one now.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> says so; no place is held.</exception>
    public async ValueTask<bool> TakeAsync(PlaceTerms terms, TimeSpan left, CancellationToken cancellationToken)
    {
        var waiter = new LinkedListNode<Waiter>(new(terms));
        Task waiting;
        lock (_lock)
        {
            var count = _waiters.Count;
            var limit = terms.WaitFor(count, left);
            if (count >= terms.MostWaiting || limit <= TimeSpan.Zero)
            {
                return false;
            }

            _most = Math.Max(_most, terms.Ceiling);
            _shared = count == 0 || ReferenceEquals(_shared, terms) ? terms : null;
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

    private void Admit()
    {
        while (_waiters.Count > 0 && Taken < (_shared?.Max ?? _most) && AdmitOne())
        {
        }
    }

    // Of those whose terms leave room. Where one is refused, others with as few places or fewer are not asked.
    private bool AdmitOne()
    {
        var refused = 0;
        var isNewestFirst = _waiters.Last!.Value.Terms.PrefersNewest(_waiters.Count);
        for (var waiter = isNewestFirst ? _waiters.Last : _waiters.First; waiter is not null; waiter = isNewestFirst ? waiter.Previous : waiter.Next)
        {
            var max = waiter.Value.Terms.Max;
            if (max > refused && TryAdd(max))
            {
                _waiters.Remove(waiter);
                Interlocked.Decrement(ref _waiting);
                waiter.Value.SetResult();
                return true;
            }

            refused = Math.Max(refused, max);
        }

        return false;
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

    private sealed class Waiter(PlaceTerms terms) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public PlaceTerms Terms => terms;
    }
}
