namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Whether there is room for a line: the queue has a limit, and so has the number of requests whose end is to come, for whose end room is set aside with their beginning.
/// Those for which there is no room wait in line, for a short while. Thread-safe.
/// </summary>
internal sealed class JournalAdmission : IDisposable
{
    /// <summary>How many lines may be on their way.</summary>
    public const int MostLines = 64 * 1024;

    /// <summary>How many bytes may be on their way.</summary>
    public const long MostBytes = 64 * 1024 * 1024;

    // Lines and bytes in one number, so that one atomic step counts both.
    private const int LineShift = 40;
    private const long Line = 1L << LineShift;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly int _mostInFlight;
    private readonly TimeProvider _time;
    private readonly Action<JournalEntry> _admit;
    private readonly Action<JournalEntry> _refuse;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private JournalEntryList _line;
    private int _inFlight, _waiting;
    private long _load;

    /// <param name="mostInFlight">How many requests may be without their end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="admit">Gets who has waited and may go on.</param>
    /// <param name="refuse">Gets who has waited for nothing.</param>
    public JournalAdmission(int mostInFlight, TimeProvider time, Action<JournalEntry> admit, Action<JournalEntry> refuse)
    {
        (_mostInFlight, _time, _admit, _refuse) = (mostInFlight, time, admit, refuse);
        _timer = time.CreateDetachedTimer(static state => ((JournalAdmission)state!).Expire(), this);
    }

    /// <summary>How many lines are on their way.</summary>
    public int Lines => (int)(Volatile.Read(ref _load) >> LineShift);

    /// <summary>How many bytes are on their way.</summary>
    public long Bytes => Volatile.Read(ref _load) & (Line - 1);

    /// <summary>How many requests are without their end.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Takes room for a line, and for its end if it is a beginning. Those who wait come first.</summary>
    public bool TryEnter(JournalEntry entry) => Volatile.Read(ref _waiting) is 0 && TryTake(entry);

    /// <summary>Takes room that was set aside, or that nobody may be refused.</summary>
    public void Enter(JournalEntry entry) => Interlocked.Add(ref _load, Line + entry.Length);

    /// <summary>Waits for room.</summary>
    public void Wait(JournalEntry entry)
    {
        lock (_lock)
        {
            // Counted before the last look at the room: whoever leaves after that look sees that somebody waits.
            var isFirst = Interlocked.Increment(ref _waiting) is 1;
            if (isFirst && TryTake(entry))
            {
                Interlocked.Decrement(ref _waiting);
            }
            else
            {
                entry.WaitsUntil = _time.GetTimestamp() + (long)(Patience.TotalSeconds * _time.TimestampFrequency);
                _line.Add(entry);
                if (isFirst)
                {
                    _timer.Change(Patience, Timeout.InfiniteTimeSpan);
                }

                return;
            }
        }

        _admit(entry);
    }

    /// <summary>Gives back room.</summary>
    /// <param name="lines">Of how many lines.</param>
    /// <param name="bytes">Of how many bytes.</param>
    /// <param name="ended">How many requests have ended, or were refused.</param>
    public void Leave(int lines, long bytes, int ended)
    {
        Interlocked.Add(ref _load, -((lines * Line) + bytes));
        if (ended > 0)
        {
            Interlocked.Add(ref _inFlight, -ended);
        }

        if (Volatile.Read(ref _waiting) > 0)
        {
            Admit();
        }
    }

    /// <summary>Refuses all who wait.</summary>
    public void RefuseAll()
    {
        lock (_lock)
        {
            while (_line.Take() is { } entry)
            {
                Interlocked.Decrement(ref _waiting);
                _refuse(entry);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private bool TryTake(JournalEntry entry)
    {
        var hasEnd = entry.HasEnd;
        if (hasEnd && Interlocked.Increment(ref _inFlight) > _mostInFlight)
        {
            Interlocked.Decrement(ref _inFlight);
            return false;
        }

        var size = Line + entry.Length;
        var load = Interlocked.Add(ref _load, size);
        if (load >> LineShift <= MostLines && (load & (Line - 1)) <= MostBytes)
        {
            return true;
        }

        Interlocked.Add(ref _load, -size);
        if (hasEnd)
        {
            Interlocked.Decrement(ref _inFlight);
        }

        return false;
    }

    private void Admit()
    {
        lock (_lock)
        {
            while (_line.First is { } first && TryTake(first))
            {
                _line.Take();
                Interlocked.Decrement(ref _waiting);
                _admit(first);
            }
        }
    }

    private void Expire()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            while (_line.First is { } first && first.WaitsUntil <= now)
            {
                _line.Take();
                Interlocked.Decrement(ref _waiting);
                _refuse(first);
            }

            if (_line.First is { } next)
            {
                _timer.Change(TimeSpan.FromSeconds((double)(next.WaitsUntil - now) / _time.TimestampFrequency), Timeout.InfiniteTimeSpan);
            }
        }
    }
}
