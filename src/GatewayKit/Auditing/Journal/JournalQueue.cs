namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Entries on their way from many threads to one, which takes all that there are at once. Nothing is allocated and nothing locked: the entries are their own list, newest
/// first, and the taker turns it around. What limits the queue is the admission in front of it.
/// </summary>
internal sealed class JournalQueue
{
    private JournalEntry? _newest;

    public bool IsEmpty => Volatile.Read(ref _newest) is null;

    public void Push(JournalEntry entry)
    {
        var newest = Volatile.Read(ref _newest);
        while (true)
        {
            entry.Next = newest;
            var seen = Interlocked.CompareExchange(ref _newest, entry, newest);
            if (ReferenceEquals(seen, newest))
            {
                return;
            }

            newest = seen;
        }
    }

    /// <summary>Takes all entries, oldest first.</summary>
    public JournalEntryList TakeAll()
    {
        var newest = Volatile.Read(ref _newest) is null ? null : Interlocked.Exchange(ref _newest, null);
        JournalEntry? oldest = null;
        for (var entry = newest; entry is not null;)
        {
            (var older, entry.Next, oldest) = (entry.Next, oldest, entry);
            entry = older;
        }

        return new(oldest, newest);
    }
}
