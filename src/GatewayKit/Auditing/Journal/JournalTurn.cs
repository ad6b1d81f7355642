using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// What one writer does while it is its turn: it makes lines of entries, hands them to the operating system by one call and lets those go on who waited. What cannot be written is refused if it is a
/// beginning, and kept if it is an end. Not thread-safe, but for what says so.
/// </summary>
internal sealed class JournalTurn : IDisposable
{
    private readonly TimeProvider _time;
    private readonly JournalMetrics _metrics;
    private readonly JournalEntryPool _pool;
    private readonly JournalAdmission _admission;
    private readonly JournalNotes _notes;
    private readonly JournalSyncer _syncer;
    private readonly JournalOutput _output;
    private readonly Action<string, Action<Utf8JsonWriter>> _announce;

    // What has to be written and finds no segment to be written to.
    private JournalEntryList _held;
    private bool _isFinishing;

    /// <param name="boot">Which journal it is.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="parts">What it is made of.</param>
    /// <param name="pool">The entries.</param>
    /// <param name="admission">The room.</param>
    /// <param name="onMark">Gets each mark when the disk has what is in front of it, in order.</param>
    /// <param name="onSyncFailed">Gets a segment that could not be synced, on the thread that syncs.</param>
    /// <param name="onLost">Gets each awaited entry that was in such a segment, on that thread.</param>
    /// <param name="onDeath">Gets what has ended that thread.</param>
    public JournalTurn(
        JournalBoot boot, JournalOptions options, JournalParts parts, JournalEntryPool pool, JournalAdmission admission,
        Action<JournalMark> onMark, Action<JournalSegment, Exception> onSyncFailed, Action<JournalEntry> onLost, Action<Exception> onDeath)
    {
        (_time, _metrics, _pool, _admission) = (parts.Time, parts.Metrics, pool, admission);
        _notes = new(_time, _metrics);
        _syncer = new(_time, options, onMark, onSyncFailed, Commit, onLost, onDeath);
        _announce = PutEvent;
        _output = new(boot, options, parts, pool, _syncer, _announce, admission.RefuseAll);
    }

    /// <summary>Whether beginnings are taken. Readable by any thread.</summary>
    public JournalState State => _output.State;

    /// <summary>How many bytes the disk may not have. Readable by any thread.</summary>
    public long UnsyncedBytes => _syncer.UnsyncedBytes;

    /// <summary>The segment that was opened last. Readable by any thread.</summary>
    public JournalSegment? Latest => _output.Latest;

    /// <summary>The number of the next line.</summary>
    public long NextSequence => _output.NextSequence;

    /// <summary>How long nothing is due that comes by the clock.</summary>
    public TimeSpan UntilDue()
    {
        var at = _output.IsOpen ? Math.Min(_notes.TellAt, _output.TendAt) : _output.TendAt;
        return TimeSpan.FromSeconds(Math.Max(0, (double)(at - _time.GetTimestamp()) / _time.TimestampFrequency));
    }

    /// <summary>Opens the first segment.</summary>
    /// <exception cref="IOException">There is no room, or the disk has failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public void Open()
    {
        _output.Open();
        _syncer.Start();
    }

    /// <summary>Counts a line that was to be written if possible, and was not. Thread-safe.</summary>
    public void Lose() => _notes.Lose();

    /// <summary>Has the thread that syncs look at the clock again. Thread-safe.</summary>
    public void Wake() => _syncer.Wake();

    /// <summary>Refuses a line for which no room was taken. Thread-safe.</summary>
    public void Refuse(JournalEntry entry)
    {
        _metrics.Refused();
        entry.Answer(isCommitted: false);
    }

    /// <summary>Puts an event into the next batch.</summary>
    public void PutEvent(string name, Action<Utf8JsonWriter> write)
    {
        var entry = _pool.Rent();
        entry.Kind = JournalEntryKind.Event;
        JournalLines.WriteEvent(entry, _time, name, write);
        _admission.Enter(entry);
        Put(entry);
    }

    /// <summary>Puts lines into the next batch.</summary>
    public void PutAll(JournalEntryList entries)
    {
        try
        {
            while (entries.Take() is { } entry)
            {
                Put(entry);
            }
        }
        catch
        {
            // A defect: whoever waits is refused with those for which there is no file.
            _held.AddAll(entries);
            throw;
        }
    }

    /// <summary>Puts a line into the next batch.</summary>
    public void Put(JournalEntry entry)
    {
        if (entry.IsAwaited && _output.State is not JournalState.Running)
        {
            // At once, although the reserve would take it: that is for ends.
            RefuseTaken(entry);
        }
        else if (_output.IsOpen)
        {
            Add(entry);
            if (_output.IsFull)
            {
                Write();
            }
        }
        else if (entry.Delivery is AuditDelivery.BestEffort)
        {
            _admission.Leave(1, entry.Length, 0);
            _notes.Lose();
            entry.Return();
        }
        else
        {
            _held.Add(entry);
        }
    }

    /// <summary>Hands the batch over. Lines whose file has failed are put again, into another one if there is one, so that this ends.</summary>
    public void Flush()
    {
        while (_output.HasLines)
        {
            Write();
        }
    }

    /// <summary>Does what is due by the clock, and tries again what the disk did not take.</summary>
    public void Tend()
    {
        if (_output.IsOpen)
        {
            _notes.Tell(_announce);
            Flush();
        }

        _output.Tend();
        PutHeld();
        Flush();
    }

    /// <summary>Gives up a segment that the disk did not keep.</summary>
    public void SyncFailed(JournalSegment segment, Exception exception)
    {
        _output.SyncFailed(segment, exception);
        Flush();
    }

    /// <summary>Writes the last line and closes the segment; the disk has it then.</summary>
    public void Finish()
    {
        // Where there is none, one is opened for what waits. After that none is because its time has come: the last line would not be the last thing that is there.
        _isFinishing = true;
        _output.TryLast();
        PutHeld();
        if (_output.IsOpen)
        {
            _notes.Tell(_announce, isLast: true);
        }

        PutEvent("audit.stopped", static _ => { });
        Flush();
        _output.Close();
        _syncer.Stop();
    }

    /// <summary>Ends without syncing; whoever still waits for the disk counts as lost.</summary>
    public void Abort() => _syncer.Abort();

    /// <summary>Takes the lines that wait for a file.</summary>
    public (JournalEntryList InBatch, JournalEntryList Held) Abandon()
    {
        var held = _held;
        _held = default;
        return (_output.Abandon(), held);
    }

    public void Dispose()
    {
        _output.Dispose();
        _syncer.Dispose();
    }

    private void Add(JournalEntry entry)
    {
        try
        {
            _output.Add(entry);
        }
        catch
        {
            // A defect, as above.
            _held.Add(entry);
            throw;
        }
    }

    private void PutHeld()
    {
        while (_output.IsOpen && _held.Take() is { } held)
        {
            Put(held);
        }
    }

    private void Write()
    {
        if (_output.TryWrite(out var entries, out var segment))
        {
            Complete(entries, segment);
            if (!_isFinishing)
            {
                _output.Tend();
            }

            return;
        }

        PutAll(entries);
    }

    private void Complete(JournalEntryList entries, JournalSegment segment)
    {
        _syncer.Written();
        var (lines, bytes, ended, isAwaited) = (0, 0L, 0, false);
        while (entries.Take() is { } entry)
        {
            lines++;
            bytes += entry.Length;
            if (!entry.IsAwaited)
            {
                ended += entry.IsReservedEnd ? 1 : 0;
                entry.Return();
            }
            else if (entry.Delivery is AuditDelivery.Strict)
            {
                entry.Segment = segment;
                isAwaited = true;
                _syncer.Add(entry);
            }
            else
            {
                Commit(entry);
            }
        }

        _admission.Leave(lines, bytes, ended);
        if (isAwaited)
        {
            _syncer.Wake();
        }
    }

    // By the thread that syncs, too.
    private void Commit(JournalEntry entry)
    {
        if (entry.WaitsSince is not 0)
        {
            _metrics.Committed(_time.GetElapsedTime(entry.WaitsSince), entry.Delivery);
        }

        entry.Answer(isCommitted: true);
    }

    private void RefuseTaken(JournalEntry entry)
    {
        _notes.MakeVoid(entry.GivenUpNumbers);
        _admission.Leave(1, entry.Length, entry.HasEnd ? 1 : 0);
        Refuse(entry);
    }
}
