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

    // Counts those who began to wait.
    private long _turns;

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
        var queue = share?.Class ?? Unclassed;
        LinkedListNode<PlaceWaiter> waiter;
        PlaceLine line;
        Task waiting;
        lock (_lock)
        {
            var (all, own, most) = (_waiting, queue.Waiting, terms.MostWaiting);
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
            waiter = new(new(_turns++));
            waiting = waiter.Value.Task.WaitAsync(limit, _time, cancellationToken);
            line = LineOf(queue, terms, share);
            line.Waiters.AddLast(waiter);
            queue.Waiting++;
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
            return TryLeave(queue, line, waiter) ? PlaceWait.TooLate : PlaceWait.Taken;
        }
        catch (OperationCanceledException)
        {
            if (!TryLeave(queue, line, waiter))
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

    // Few: one for each endpoint that shares the places, and one more for a while after a reload.
    private static PlaceLine LineOf(PlaceClass queue, PlaceTerms terms, PlaceShare? share)
    {
        foreach (var known in queue.Lines)
        {
            if (ReferenceEquals(known.Terms, terms))
            {
                return known;
            }
        }

        var line = new PlaceLine(terms, share);
        queue.Lines.Add(line);
        return line;
    }

    // Of the class that has least of its share and is let in at all.
    private bool AdmitOne()
    {
        if (_queues.Count > 1)
        {
            foreach (var queue in _queues)
            {
                // Noted once: places are given back meanwhile.
                queue.Share = queue.First.Share?.Share ?? 0;
                queue.Standing = queue.Share > 0 ? queue.Taken / queue.Share : double.PositiveInfinity;
            }

            // Of those that stand alike, the one that is entitled to more.
            _queues.Sort(static (one, other) => one.Standing != other.Standing ? one.Standing.CompareTo(other.Standing) : other.Share.CompareTo(one.Share));
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

    // Of those whose terms leave room. One of each line is asked, however long it is: everyone who comes while it is full asks here, under the lock.
    private bool AdmitOneOf(PlaceClass queue)
    {
        var lines = queue.Lines;
        var isNewestFirst = queue.Last.Terms.PrefersNewest(_waiting);
        if (lines.Count > 1)
        {
            lines.Sort(isNewestFirst ? static (one, other) => other.Last.CompareTo(one.Last) : static (one, other) => one.First.CompareTo(other.First));
        }

        foreach (var line in lines)
        {
            if (TryAdd(line.Share, line.Terms.Max))
            {
                var waiter = isNewestFirst ? line.Waiters.Last! : line.Waiters.First!;
                Remove(queue, line, waiter);
                waiter.Value.SetResult();
                return true;
            }
        }

        return false;
    }

    /// <returns>Whether it still waited; otherwise it was just let in.</returns>
    private bool TryLeave(PlaceClass queue, PlaceLine line, LinkedListNode<PlaceWaiter> waiter)
    {
        lock (_lock)
        {
            if (waiter.List is null)
            {
                return false;
            }

            Remove(queue, line, waiter);
            return true;
        }
    }

    private void Remove(PlaceClass queue, PlaceLine line, LinkedListNode<PlaceWaiter> waiter)
    {
        line.Waiters.Remove(waiter);
        queue.Waiting--;
        Interlocked.Decrement(ref _waiting);
        if (line.Waiters.Count == 0)
        {
            queue.Lines.Remove(line);
        }

        if (queue.Waiting == 0)
        {
            _queues.Remove(queue);
        }
    }
}
