using System.Diagnostics.CodeAnalysis;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Has the disk keep what the writer has handed to the operating system, on a thread of its own, so that lines go on while the disk takes its time: at once when a line waits for it,
/// else when enough bytes have come together or time has passed. The lines that come while it syncs are the next batch, without anybody waiting for a batch to form.
/// </summary>
internal sealed class JournalSyncer : IDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly long _unsyncedBytes;
    private readonly Action<JournalMark> _onMark;
    private readonly Action<JournalSegment, Exception> _onFailure;
    private readonly Action<JournalEntry> _onCommitted, _onLost;
    private readonly Action<Exception> _onDeath;
    private readonly JournalQueue _waiting = new();
    private readonly WakeUp _wakeUp = new();
    private readonly Lock _lock = new();
    private readonly Queue<JournalSegment> _closing = new();
    private readonly Thread _thread;
    private JournalSegment? _current;
    private long _dirtySince = long.MaxValue;
    private int _closingCount;
    private JournalEntryList _taken;
    private volatile bool _isStopping, _isAborted;

    /// <param name="time">The clock.</param>
    /// <param name="options">How often to sync.</param>
    /// <param name="onMark">Gets each mark when the disk has what is in front of it, in order.</param>
    /// <param name="onFailure">Gets a segment that could not be synced, once.</param>
    /// <param name="onCommitted">Gets each entry that is on the disk.</param>
    /// <param name="onLost">Gets each entry that was in a segment that could not be synced.</param>
    /// <param name="onDeath">Gets what has ended the thread, if not <see cref="Stop"/>.</param>
    public JournalSyncer(
        TimeProvider time, JournalOptions options, Action<JournalMark> onMark, Action<JournalSegment, Exception> onFailure,
        Action<JournalEntry> onCommitted, Action<JournalEntry> onLost, Action<Exception> onDeath)
    {
        (_time, _interval, _unsyncedBytes) = (time, options.SyncInterval, options.SyncBytes);
        (_onMark, _onFailure, _onCommitted, _onLost, _onDeath) = (onMark, onFailure, onCommitted, onLost, onDeath);
        _thread = new(Run) { IsBackground = true, Name = "GatewayKit audit sync" };
    }

    /// <summary>How many bytes of the segment in use the disk may not have.</summary>
    public long UnsyncedBytes => Volatile.Read(ref _current) is { } current ? Math.Max(0, current.Length - current.SyncedLength) : 0;

    public void Start() => _thread.Start();

    /// <summary>Goes over to another segment. The one before is synced and closed.</summary>
    public void Use(JournalSegment? segment)
    {
        lock (_lock)
        {
            if (_current is { } before)
            {
                _closing.Enqueue(before);
                Volatile.Write(ref _closingCount, _closing.Count);
            }

            Volatile.Write(ref _current, segment);
        }

        _wakeUp.Set();
    }

    /// <summary>Takes an entry that waits for the disk. It was written.</summary>
    public void Add(JournalEntry entry) => _waiting.Push(entry);

    /// <summary>Says that something was written, before <see cref="Add"/> is called for what waits for it.</summary>
    public void Written()
    {
        // The fence: the thread takes the new length, or it is seen to have begun without it.
        Interlocked.MemoryBarrier();
        var isFirst = Volatile.Read(ref _dirtySince) is long.MaxValue;
        if (isFirst)
        {
            Volatile.Write(ref _dirtySince, _time.GetTimestamp());
        }

        if (isFirst || UnsyncedBytes >= _unsyncedBytes)
        {
            _wakeUp.Set();
        }
    }

    /// <summary>Has it look at what there is to do: somebody waits for the disk, or a test has moved the clock.</summary>
    public void Wake() => _wakeUp.Poke();

    /// <summary>Syncs what there is, closes the segments and ends. Called when the writer is done.</summary>
    public void Stop()
    {
        Use(null);
        _isStopping = true;
        _wakeUp.Set();
        _thread.Join();
    }

    /// <summary>Ends without syncing; whoever still waits counts as lost. Called when the writer is dead.</summary>
    public void Abort()
    {
        _isAborted = true;
        Stop();
        GiveBack(_waiting.TakeAll());
    }

    public void Dispose() => _wakeUp.Dispose();

    private bool HasWork() =>
        _isStopping || !_waiting.IsEmpty || Volatile.Read(ref _closingCount) > 0 || UnsyncedBytes >= _unsyncedBytes || UntilDue() <= TimeSpan.Zero;

    private TimeSpan UntilDue()
    {
        var since = Volatile.Read(ref _dirtySince);
        return since is not long.MaxValue ? _interval - _time.GetElapsedTime(since)
            : Volatile.Read(ref _current)?.HasMark is true ? TimeSpan.Zero
            : TimeSpan.MaxValue;
    }

    private void Run()
    {
        try
        {
            while (!_isStopping)
            {
                if (HasWork())
                {
                    Sync();
                }
                else
                {
                    _wakeUp.Sleep(UntilDue(), static syncer => syncer.HasWork(), this);
                }
            }

            if (!_isAborted)
            {
                Sync();
            }
        }
#pragma warning disable CA1031 // Whatever it is: nobody else would say that nothing is on the disk any more.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _onDeath(exception);
            GiveBack(_taken);
        }
    }

    private void GiveBack(JournalEntryList entries)
    {
        while (entries.Take() is { } lost)
        {
            _onLost(lost);
        }
    }

    private void Sync()
    {
        // In this order: whatever is taken was written before, and what is written from here on makes the segment dirty again.
        _taken = _waiting.TakeAll();
        Volatile.Write(ref _dirtySince, long.MaxValue);
        while (TakeNext(out var segment, out var isClosing))
        {
            Sync(segment);
            if (!isClosing)
            {
                break;
            }

            segment.Dispose();
        }

        while (_taken.Take() is { } done)
        {
            (done.Segment!.HasFailed ? _onLost : _onCommitted)(done);
        }
    }

    private void Sync(JournalSegment segment)
    {
        if (segment.HasFailed)
        {
            return;
        }

        // The mark and the number first: the length is then at least what they speak of.
        var mark = segment.TakeMark();
        var last = segment.LastSequence;
        var length = segment.Length;
        if (length > segment.SyncedLength || !segment.IsNamed)
        {
            try
            {
                segment.File.Sync();
                segment.SyncName();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                segment.Fail();
                _onFailure(segment, exception);
                return;
            }

            (segment.SyncedLength, segment.SyncedSequence) = (length, last);
        }

        if (mark is not null)
        {
            _onMark(mark);
        }
    }

    // In one look: the one in use may not come in front of one before it, whose mark would be the later one then.
    private bool TakeNext([NotNullWhen(true)] out JournalSegment? segment, out bool isClosing)
    {
        lock (_lock)
        {
            isClosing = _closing.TryDequeue(out var closing);
            Volatile.Write(ref _closingCount, _closing.Count);
            segment = closing ?? _current;
            return segment is not null;
        }
    }
}
