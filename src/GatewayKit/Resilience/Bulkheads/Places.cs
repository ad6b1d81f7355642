using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// Places that requests take and give back, and those who wait for one: classes in the order of what they have of their share, and within a class first
/// come first served unless their terms say otherwise. Who takes brings the number there are, so that a reload changes the number and keeps the
/// count; more than that are never taken. Without waiters and classes a place costs two atomic operations, with classes four.
/// </summary>
internal sealed class Places
{
    private readonly TimeProvider _time;
    private readonly WeakMap<string, PlaceClass> _classes = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();

    // The classes of which somebody waits.
    private readonly List<PlaceClass> _queues = [];
    private int _taken;
    private int _waiting;

    // The most places that anyone has waited for.
    private int _most;

    // The terms of all who wait, if they are the same; else there is none.
    private PlaceTerms? _shared;

    public Places(TimeProvider time) => (_time, Unclassed) = (time, new(this, name: null));

    public int Taken => Volatile.Read(ref _taken);

    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Those who belong to no class.</summary>
    public PlaceClass Unclassed { get; }

    /// <summary>The classes that somebody knows.</summary>
    public IReadOnlyList<PlaceClass> Classes => _classes.InUse;

    /// <summary>A class by its name; case is ignored. It is held weakly, so that it goes with the last who has it.</summary>
    public PlaceClass ClassOf(string name) => _classes.GetOrAdd(name, () => new(this, name));

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

    /// <summary>Takes a place for one of a class, if there is one for it that nobody waits for who comes first.</summary>
    /// <param name="share">What the class is entitled to; <see langword="null"/> if there are no classes.</param>
    /// <param name="max">How many places there are.</param>
    public bool TryTake(PlaceShare? share, int max)
    {
        if (share is null)
        {
            return TryTake(max);
        }

        if (Waiting == 0)
        {
            if (TryAdd(share, max))
            {
                return true;
            }

            if (Waiting == 0)
            {
                return false;
            }

            // For a moment the class seemed to hold one more, and somebody who began to wait may have been passed over for it.
        }

        lock (_lock)
        {
            Admit();
            return TryAdd(share, max);
        }
    }

    /// <summary>Takes a place whether there is one or not, so that a limit that is only tried sees everyone.</summary>
    public void Take(PlaceShare? share = null)
    {
        share?.Class.Enter();
        Interlocked.Increment(ref _taken);
    }

    /// <summary>Gives a place back that belongs to no class. One of those who wait gets it.</summary>
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
    /// <param name="share">What the class is entitled to; <see langword="null"/> if the terms know none.</param>
    /// <param name="left">What is left of the deadline.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there is one now, and why not.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> says so; no place is held.</exception>
    public async ValueTask<PlaceWait> TakeAsync(PlaceTerms terms, PlaceShare? share, TimeSpan left, CancellationToken cancellationToken)
    {
        var waiter = new LinkedListNode<PlaceWaiter>(new(terms, share));
        var queue = share?.Class ?? Unclassed;
        Task waiting;
        lock (_lock)
        {
            var (all, own, most) = (_waiting, queue.Waiters.Count, terms.MostWaiting);
            if (all >= (share?.Most(own + 1, most) ?? most))
            {
                return PlaceWait.QueueFull;
            }

            var limit = terms.WaitFor(share?.Ahead(own, all) ?? all, left);
            if (limit <= TimeSpan.Zero)
            {
                return PlaceWait.TooLate;
            }

            _most = Math.Max(_most, terms.Ceiling);
            _shared = all == 0 || ReferenceEquals(_shared, terms) ? terms : null;
            waiting = waiter.Value.Task.WaitAsync(limit, _time, cancellationToken);
            queue.Waiters.AddLast(waiter);
            if (own == 0)
            {
                _queues.Add(queue);
            }

            // A fence: who gives back now either sees that somebody waits, or is seen to be gone by the next line.
            Interlocked.Increment(ref _waiting);
            Admit();
        }

        try
        {
            await waiting.ConfigureAwait(false);
            return PlaceWait.Taken;
        }
        catch (TimeoutException)
        {
            return TryLeave(queue, waiter) ? PlaceWait.TooLate : PlaceWait.Taken;
        }
        catch (OperationCanceledException)
        {
            if (!TryLeave(queue, waiter))
            {
                queue.GiveBack();
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

    // Counted first: of those who come at the same moment none takes more than the class is entitled to.
    private bool TryAdd(PlaceShare? share, int max)
    {
        if (share is null)
        {
            return TryAdd(max);
        }

        if (TryAdd(share.Most(share.Class.Enter(), max)))
        {
            return true;
        }

        share.Class.Leave();
        return false;
    }

    private void Admit()
    {
        while (_queues.Count > 0 && Taken < (_shared?.Max ?? _most) && AdmitOne())
        {
        }
    }

    // Of the class that has least of its share and is let in at all.
    private bool AdmitOne()
    {
        if (_queues.Count > 1)
        {
            foreach (var queue in _queues)
            {
                // Noted once: places are given back meanwhile.
                queue.Standing = ShareOf(queue) is > 0 and var share ? queue.Taken / share : double.PositiveInfinity;
            }

            // Of those that stand alike, the one that is entitled to more.
            _queues.Sort(static (one, other) => one.Standing != other.Standing ? one.Standing.CompareTo(other.Standing) : ShareOf(other).CompareTo(ShareOf(one)));
        }

        foreach (var queue in _queues)
        {
            if (AdmitOneOf(queue))
            {
                return true;
            }
        }

        return false;
    }

    private static double ShareOf(PlaceClass queue) => queue.Waiters.First!.Value.Share?.Share ?? 0;

    // Of those whose terms leave room. Where one is refused, others with as few places or fewer are not asked.
    private bool AdmitOneOf(PlaceClass queue)
    {
        var (refused, refusedShare) = (0, -1.0);
        var isNewestFirst = queue.Waiters.Last!.Value.Terms.PrefersNewest(_waiting);
        for (var waiter = isNewestFirst ? queue.Waiters.Last : queue.Waiters.First; waiter is not null; waiter = isNewestFirst ? waiter.Previous : waiter.Next)
        {
            var (max, share) = (waiter.Value.Terms.Max, waiter.Value.Share?.Share ?? 0);
            if (max <= refused && share <= refusedShare)
            {
                continue;
            }

            if (TryAdd(waiter.Value.Share, max))
            {
                Remove(queue, waiter);
                waiter.Value.SetResult();
                return true;
            }

            if (max >= refused && share >= refusedShare)
            {
                (refused, refusedShare) = (max, share);
            }
        }

        return false;
    }

    /// <returns>Whether it still waited; otherwise it was just let in.</returns>
    private bool TryLeave(PlaceClass queue, LinkedListNode<PlaceWaiter> waiter)
    {
        lock (_lock)
        {
            if (waiter.List is null)
            {
                return false;
            }

            Remove(queue, waiter);
            return true;
        }
    }

    private void Remove(PlaceClass queue, LinkedListNode<PlaceWaiter> waiter)
    {
        queue.Waiters.Remove(waiter);
        Interlocked.Decrement(ref _waiting);
        if (queue.Waiters.Count == 0)
        {
            _queues.Remove(queue);
        }
    }
}
