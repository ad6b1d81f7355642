using System.Buffers;
using System.Threading.Tasks.Sources;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// A line on its way into the journal, from a pool: a JSON object whose closing brace is missing, for the writer appends the last two keys. It is also what waits for the line,
/// so that waiting allocates nothing. Whoever rents one fills it and hands it over, once; it is not touched after that.
/// </summary>
internal sealed class JournalEntry : IBufferWriter<byte>, IValueTaskSource<bool>, IThreadPoolWorkItem
{
    // The usual line fits with what Utf8JsonWriter asks for in advance.
    private const int InitialBytes = 2 * 1024;

    // What a body of a request has blown up is not kept.
    private const int MostKeptBytes = 16 * 1024;

    private readonly JournalEntryPool _pool;
    private byte[] _bytes = new byte[InitialBytes];
    private ManualResetValueTaskSourceCore<bool> _result;
    private bool _answer;

    // Of most there are none.
    private List<long>? _givenUp;

    internal JournalEntry(JournalEntryPool pool) => _pool = pool;

    /// <summary>How many bytes are in it.</summary>
    public int Length { get; private set; }

    /// <summary>What is in it.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>What becomes of it.</summary>
    public JournalEntryKind Kind { get; set; }

    /// <summary>How far it has to be before its request goes on.</summary>
    public AuditDelivery Delivery { get; set; }

    /// <summary>Whether an end is to follow, for which room is set aside. A best effort has none to set aside.</summary>
    public bool HasEnd => Kind is JournalEntryKind.Begin && Delivery is not AuditDelivery.BestEffort;

    /// <summary>Whether somebody waits for it.</summary>
    public bool IsAwaited => Kind is JournalEntryKind.AwaitedEvent || HasEnd;

    /// <summary>Whether it is an end for which room was set aside.</summary>
    public bool IsReservedEnd => Kind is JournalEntryKind.End && Delivery is not AuditDelivery.BestEffort;

    /// <summary>Whether it may be in the journal already, in a segment that was given up.</summary>
    public bool IsRepeated => _givenUp is not null;

    /// <summary>The numbers by which it may be in such segments.</summary>
    public IEnumerable<long> GivenUpNumbers => _givenUp ?? [];

    /// <summary>Whether whoever brought it writes it as well: it has the answer when that is done, and nobody has to be told.</summary>
    public bool IsWrittenByOwner { get; set; }

    /// <summary>The next one of a queue.</summary>
    public JournalEntry? Next { get; set; }

    /// <summary>The segment it was written to.</summary>
    public JournalSegment? Segment { get; set; }

    /// <summary>The number of its line there.</summary>
    public long Sequence { get; set; }

    /// <summary>When somebody began to wait for it, as a timestamp; 0 if nobody measures.</summary>
    public long WaitsSince { get; set; }

    /// <summary>Until when it waits for room, as a timestamp.</summary>
    public long WaitsUntil { get; set; }

    /// <summary>Tells this wait from earlier ones.</summary>
    public short Version => _result.Version;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - JournalLine.MostTailBytes - Length);
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsMemory(Length, _bytes.Length - JournalLine.MostTailBytes - Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsSpan(Length, _bytes.Length - JournalLine.MostTailBytes - Length);
    }

    /// <summary>Appends bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Has it written again: the segment that its line is in, as far as anybody knows, is given up.</summary>
    public void Repeat() => (_givenUp ??= []).Add(Sequence);

    /// <summary>Makes it a whole line.</summary>
    /// <returns>The line with its line end, until the entry is written to again.</returns>
    public ReadOnlySpan<byte> Finish(long sequence, HashChain chain) =>
        _bytes.AsSpan(0, JournalLine.Finish(_bytes, Length, sequence, chain, IsRepeated));

    /// <summary>Answers whoever waits, on a thread of the pool, and never on the one that calls. Who wrote it has its answer at once: nobody waits yet.</summary>
    public void Answer(bool isCommitted)
    {
        if (IsWrittenByOwner)
        {
            _result.SetResult(isCommitted);
            return;
        }

        _answer = isCommitted;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => _result.SetResult(_answer);

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        var answer = _result.GetResult(token);
        Return();
        return answer;
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _result.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);

    /// <summary>Gives it back, unused or done with.</summary>
    public void Return()
    {
        _result.Reset();
        if (_bytes.Length > MostKeptBytes)
        {
            _bytes = new byte[InitialBytes];
        }

        (Length, Kind, Delivery, _givenUp, IsWrittenByOwner, Next, Segment, WaitsSince) = (0, default, default, null, false, null, null, 0);
        _pool.Add(this);
    }

    private void Ensure(int room)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(room);
        var needed = Length + Math.Max(room, 1) + JournalLine.MostTailBytes;
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, 2 * _bytes.Length));
        }
    }
}

/// <summary>What a line is to the writer.</summary>
internal enum JournalEntryKind
{
    /// <summary>A request waits for it, and it has an end to come.</summary>
    Begin,

    /// <summary>The end of a beginning: it had its room before.</summary>
    End,

    /// <summary>Something that happened, for which nobody waits.</summary>
    Event,

    /// <summary>Something that happened, which waits like a beginning and has no end to come.</summary>
    AwaitedEvent,
}
