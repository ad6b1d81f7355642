using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Who writes, and when. Whoever brings a beginning writes it, as long as nobody else is writing: it waits for no other thread then. All else is for a thread, which is none of the pool: the journal goes on while that is starved.
/// </summary>
internal sealed partial class JournalWriter : IDisposable
{
    // Ends and events come to the file that much later while there are many of them; who waits for a line does not wait for this.
    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(1);

    // How often a request writes what others have brought meanwhile; then the thread does.
    private const int MostRounds = 4;

    // How often a request looks whether the turn is free, some microseconds and about as long as one takes, before it leaves its line to whoever has it.
    private static readonly int MostLooks = Environment.ProcessorCount > 1 ? 20 : 1;

    private readonly ILogger _logger;
    private readonly JournalQueue _queue = new(), _awaited = new(), _repeated = new();
    private readonly ConcurrentQueue<(JournalSegment Segment, Exception Exception)> _unsynced = new();
    private readonly JournalTurn _turn;
    private readonly Lock _lock = new();
    private readonly WakeUp _wakeUp = new();
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<(string Name, Action<Utf8JsonWriter> Write)> _reports = [];
    private long _linesAtRest;
    private int _dropped;
    private volatile bool _isStarted, _isStopping, _isStopped, _isDead;

    /// <param name="boot">Which journal it is.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="parts">What it is made of.</param>
    /// <param name="pool">The entries.</param>
    /// <param name="onMark">Gets each mark when the disk has what is in front of it, in order.</param>
    public JournalWriter(JournalBoot boot, JournalOptions options, JournalParts parts, JournalEntryPool pool, Action<JournalMark> onMark)
    {
        _logger = parts.Logger;
        Admission = new(options.MaxInFlight, parts.Time, Push, entry => _turn!.Refuse(entry));
        _turn = new(boot, options, parts, pool, Admission, onMark, SyncFailed, Repeat, Die);
        _thread = new(Run) { IsBackground = true, Name = "GatewayKit audit" };
    }

    /// <summary>Whether beginnings are taken.</summary>
    public JournalState State => _isDead ? JournalState.Dead : _isStopping ? JournalState.Stopped : _turn.State;

    /// <summary>Whether there is room.</summary>
    public JournalAdmission Admission { get; }

    /// <summary>How many bytes the disk may not have.</summary>
    public long UnsyncedBytes => _turn.UnsyncedBytes;

    /// <summary>The segment that was opened last.</summary>
    public JournalSegment? Latest => _turn.Latest;

    /// <summary>Opens the first segment and begins to write.</summary>
    /// <exception cref="IOException">There is no room, or the disk has failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    /// <param name="reports">What to begin with: events of the boots before.</param>
    public void Start(IReadOnlyList<(string Name, Action<Utf8JsonWriter> Write)> reports)
    {
        _reports = reports;
        _turn.Open();
        _thread.Start();
    }

    /// <summary>Takes a line for which room was taken and somebody waits, and writes it if nobody else is writing: then it is answered, unless it waits for the disk.</summary>
    public void Commit(JournalEntry entry)
    {
        // Held already only where something that the writer calls comes back to it.
        var isInside = _lock.IsHeldByCurrentThread;
        if (isInside || !TryWrite(entry))
        {
            Push(_awaited, entry, isInside);
        }

        // Whoever came while the turn was taken counts on the one who had it to look again.
        for (var round = 0; !isInside && !_awaited.IsEmpty; round++)
        {
            if (round is MostRounds)
            {
                _wakeUp.Set();
                return;
            }

            if (!TryWrite(null))
            {
                return;
            }
        }
    }

    /// <summary>Takes a line for which room was taken, or set aside.</summary>
    public void Push(JournalEntry entry)
    {
        if (entry.IsAwaited)
        {
            Push(_awaited, entry, isUrgent: true);
        }
        else
        {
            Push(_queue, entry, isUrgent: false);
            _wakeUp.SetSoon();
        }
    }

    /// <summary>Has ends and events written now: somebody waits for their room.</summary>
    public void Hurry() => _wakeUp.Set();

    /// <summary>Counts a line that was to be written if possible, and was not.</summary>
    public void Lose()
    {
        _turn.Lose();
        _wakeUp.SetSoon();
    }

    /// <summary>Refuses a line for which no room was taken.</summary>
    public void Refuse(JournalEntry entry) => _turn.Refuse(entry);

    /// <summary>Writes what has come, closes the journal and ends.</summary>
    public Task StopAsync()
    {
        _isStopping = true;
        _wakeUp.Set();
        return _ended.Task;
    }

    /// <summary>Looks at the clock again: for tests that move it.</summary>
    public void Wake()
    {
        _wakeUp.Poke();
        _turn.Wake();
    }

    public void Dispose()
    {
        Admission.Dispose();
        _turn.Dispose();
        _wakeUp.Dispose();
    }

    private bool IsEnding => _isStopping || _isDead;

    private bool HasUrgentWork => !_awaited.IsEmpty || !_repeated.IsEmpty || !_unsynced.IsEmpty;

    private bool HasWork => !_queue.IsEmpty || HasUrgentWork;

    // By whoever brings a line: that one, and those for which others wait. Ends are many, and have time.
    private bool TryWrite(JournalEntry? entry)
    {
        for (var looks = 1; !_lock.TryEnter(); looks++)
        {
            if (entry is null || looks >= MostLooks)
            {
                return false;
            }

            Thread.SpinWait(10);
        }

        var isForThread = true;

        // One that waits for the disk may be answered at any time, and is not touched after that.
        var isOwn = entry is { Delivery: AuditDelivery.Guaranteed };
        try
        {
            if (!_isStarted || IsEnding || _turn.State is not JournalState.Running)
            {
                return false;
            }

            if (entry is not null)
            {
                entry.IsWrittenByOwner = isOwn;
                _turn.Put(entry);
            }

            _turn.PutAll(_awaited.TakeAll());
            _turn.Flush();

            // What the disk does not take the thread looks after.
            isForThread = _turn.State is not JournalState.Running;
        }
#pragma warning disable CA1031 // As on the thread, which refuses the request now.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (isOwn)
            {
                entry!.IsWrittenByOwner = false;
            }

            Die(exception);
        }
        finally
        {
            _lock.Exit();

            // The fence: whoever comes now finds the turn free, or what they have left is seen by this request or by the thread.
            Interlocked.MemoryBarrier();
            if (isForThread)
            {
                // There is no line to see for it: it has to look at what is due now.
                _wakeUp.Poke();
            }
        }

        return true;
    }

    private void Run()
    {
        try
        {
            lock (_lock)
            {
                foreach (var (name, write) in (ReadOnlySpan<(string, Action<Utf8JsonWriter>)>)[.. _reports, ("audit.started", static _ => { })])
                {
                    _turn.PutEvent(name, write);
                }

                _isStarted = true;
            }

            while (!_isDead && (!_isStopping || HasWork))
            {
                Work();
                Rest();
            }

            lock (_lock)
            {
                if (!_isDead)
                {
                    _turn.Finish();
                }
            }
        }
#pragma warning disable CA1031 // Whatever it is: nobody else would say that nothing is recorded any more.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Die(exception);
        }
        finally
        {
            End();
        }
    }

    private void Work()
    {
        lock (_lock)
        {
            try
            {
                TakeUnsynced();
                _turn.PutAll(_repeated.TakeAll());
                _turn.PutAll(_awaited.TakeAll());
                _turn.PutAll(_queue.TakeAll());
                _turn.Flush();
                _turn.Tend();
            }
#pragma warning disable CA1031 // Nobody may have the turn after a defect.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Die(exception);
            }
        }
    }

    private void TakeUnsynced()
    {
        while (_unsynced.TryDequeue(out var failed))
        {
            _turn.SyncFailed(failed.Segment, failed.Exception);
        }
    }

    // While lines come it naps, and nobody has to wake it. When none has come in a nap it sleeps.
    private void Rest()
    {
        TimeSpan due;
        bool isBusy;
        lock (_lock)
        {
            (due, isBusy, _linesAtRest) = (_turn.UntilDue(), _turn.NextSequence != _linesAtRest, _turn.NextSequence);
        }

        if (isBusy && due > Nap)
        {
            _wakeUp.Nap(Nap, static writer => writer.HasUrgentWork || writer.IsEnding, this);
        }
        else
        {
            _wakeUp.Sleep(due, static writer => writer.HasWork || writer.IsEnding, this);
        }
    }

    // By the thread that syncs.
    private void SyncFailed(JournalSegment segment, Exception exception)
    {
        _unsynced.Enqueue((segment, exception));
        _wakeUp.Set();
    }

    // By the thread that syncs: the disk does not have it after all.
    private void Repeat(JournalEntry entry)
    {
        entry.Repeat();
        Admission.Enter(entry);
        Push(_repeated, entry, isUrgent: true);
    }

    private void Push(JournalQueue queue, JournalEntry entry, bool isUrgent)
    {
        queue.Push(entry);
        if (isUrgent)
        {
            _wakeUp.Set();
        }

        // For what comes after the thread has looked for the last time.
        if (_isDead || _isStopped)
        {
            RefuseQueued();
        }
    }

    private void RefuseQueued()
    {
        DropAll(_awaited.TakeAll());
        DropAll(_queue.TakeAll());
        DropAll(_repeated.TakeAll());
    }

    private void DropAll(JournalEntryList entries)
    {
        while (entries.Take() is { } entry)
        {
            Drop(entry);
        }
    }

    private void Drop(JournalEntry entry)
    {
        Admission.Leave(1, entry.Length, entry.HasEnd || entry.IsReservedEnd ? 1 : 0);
        if (entry.IsAwaited)
        {
            _turn.Refuse(entry);
        }
        else
        {
            Interlocked.Increment(ref _dropped);
            entry.Return();
        }
    }

    private void End()
    {
        _isStopped = true;
        Admission.RefuseAll();
        if (_isDead)
        {
            _turn.Abort();
        }

        lock (_lock)
        {
            // What the last sync did not keep is told in the log. Behind a defect there may be another one, which nobody would catch here.
            if (!_isDead)
            {
                TakeUnsynced();
            }

            var (inBatch, held) = _turn.Abandon();
            DropAll(inBatch);
            DropAll(held);
        }

        RefuseQueued();
        if (Volatile.Read(ref _dropped) is > 0 and var dropped)
        {
            Log.Dropped(_logger, dropped);
        }

        _ended.TrySetResult();
    }

    private void Die(Exception exception)
    {
        _isDead = true;
        Log.Died(_logger, exception);
        _wakeUp.Set();
    }
}
