using System.Collections.Concurrent;

namespace GatewayKit.Auditing.Journal;

/// <summary>Entries that are used again. Thread-safe.</summary>
internal sealed class JournalEntryPool
{
    // As many as a burst leaves; what is more goes to the garbage collector.
    private const int MostKept = 4096;

    private readonly ConcurrentQueue<JournalEntry> _entries = new();
    private int _count;

    public JournalEntry Rent()
    {
        if (_entries.TryDequeue(out var entry))
        {
            Interlocked.Decrement(ref _count);
            return entry;
        }

        return new(this);
    }

    public void Add(JournalEntry entry)
    {
        if (Volatile.Read(ref _count) < MostKept)
        {
            Interlocked.Increment(ref _count);
            _entries.Enqueue(entry);
        }
    }
}
