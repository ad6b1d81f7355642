namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Lines that are handed to the operating system by one call. Chain, tree and number go on with each of them, and back to where they were if the call has failed
/// and the file could be cut off there. Not thread-safe.
/// </summary>
internal sealed class JournalBatch(HashChain chain)
{
    /// <summary>From how many bytes on it is full. More would make who waits for the first line wait for the last.</summary>
    public const int FullBytes = 256 * 1024;

    private readonly byte[] _chainBefore = chain.Last.ToArray();
    private readonly MerkleTree _treeBefore = new();
    private byte[] _bytes = new byte[FullBytes + (16 * 1024)];
    private int _length;
    private long _sequenceBefore;
    private JournalEntryList _entries;

    /// <summary>The number of the next line.</summary>
    public long NextSequence { get; private set; }

    /// <summary>The latest hash.</summary>
    public ReadOnlySpan<byte> LastHash => chain.Last;

    public bool IsEmpty => _length is 0;

    public bool IsFull => _length >= FullBytes;

    /// <summary>The lines.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Adds a line.</summary>
    /// <param name="entry">The line.</param>
    /// <param name="tree">The tree of the segment that it goes to.</param>
    public void Add(JournalEntry entry, MerkleTree tree)
    {
        if (_length is 0)
        {
            tree.CopyTo(_treeBefore);
        }

        entry.Sequence = NextSequence;
        var line = entry.Finish(NextSequence++, chain);
        tree.Add(line[..^1]);
        if (_bytes.Length - _length < line.Length)
        {
            Array.Resize(ref _bytes, _length + line.Length);
        }

        line.CopyTo(_bytes.AsSpan(_length));
        _length += line.Length;
        _entries.Add(entry);
    }

    /// <summary>Takes its entries and goes on to the next batch: these lines are written, or given up where they are.</summary>
    public JournalEntryList Complete()
    {
        chain.Last.CopyTo(_chainBefore);
        (_sequenceBefore, _length, var entries, _entries) = (NextSequence, 0, _entries, default);
        return entries;
    }

    /// <summary>Takes its entries as if they had never been in it.</summary>
    public JournalEntryList RollBack(MerkleTree tree)
    {
        chain.GoBackTo(_chainBefore);
        _treeBefore.CopyTo(tree);
        NextSequence = _sequenceBefore;
        return Complete();
    }
}
