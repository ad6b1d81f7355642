namespace GatewayKit.Auditing.Journal;

/// <summary>Entries in order, linked by themselves. Not thread-safe.</summary>
internal struct JournalEntryList(JournalEntry? first, JournalEntry? last)
{
    private JournalEntry? _first = first, _last = last;

    public readonly bool IsEmpty => _first is null;

    /// <summary>The oldest entry.</summary>
    public readonly JournalEntry? First => _first;

    /// <summary>Adds an entry at the end.</summary>
    public void Add(JournalEntry entry)
    {
        entry.Next = null;
        if (_last is null)
        {
            _first = entry;
        }
        else
        {
            _last.Next = entry;
        }

        _last = entry;
    }

    /// <summary>Adds those of another list, which is not used after that.</summary>
    public void AddAll(JournalEntryList entries)
    {
        while (entries.Take() is { } entry)
        {
            Add(entry);
        }
    }

    /// <summary>Takes the oldest entry.</summary>
    public JournalEntry? Take()
    {
        var entry = _first;
        if (entry is not null)
        {
            _first = entry.Next;
            entry.Next = null;
            _last = _first is null ? null : _last;
        }

        return entry;
    }
}
