namespace GatewayKit.Auditing.Journal;

/// <summary>A segment that is written: its file, how far that is, and the tree over its lines. It belongs to whose turn it is to write; another thread syncs the file and, at last, closes it.</summary>
internal sealed class JournalSegment(int number, string path, IJournalFile file, IReadOnlyList<IJournalDirectory> directories, long openedAt, long firstSequence) : IDisposable
{
    private long _length, _syncedLength, _lastSequence = firstSequence, _syncedSequence = firstSequence - 1;
    private volatile bool _hasFailed;
    private JournalMark? _mark;

    /// <summary>Its number in the boot, from 1.</summary>
    public int Number => number;

    /// <summary>Where it is.</summary>
    public string Path => path;

    /// <summary>Its file.</summary>
    public IJournalFile File => file;

    /// <summary>When it was opened, as a timestamp.</summary>
    public long OpenedAt => openedAt;

    /// <summary>The tree over its lines.</summary>
    public MerkleTree Tree { get; } = new();

    /// <summary>How many bytes the operating system has.</summary>
    public long Length
    {
        get => Volatile.Read(ref _length);
        set => Volatile.Write(ref _length, value);
    }

    /// <summary>How many of them are on the disk. Set by the thread that syncs.</summary>
    public long SyncedLength
    {
        get => Volatile.Read(ref _syncedLength);
        set => Volatile.Write(ref _syncedLength, value);
    }

    /// <summary>The number of the last line that the operating system has. Set after <see cref="Length"/>, and to be read before it.</summary>
    public long LastSequence
    {
        get => Volatile.Read(ref _lastSequence);
        set => Volatile.Write(ref _lastSequence, value);
    }

    /// <summary>The number of the last line that the disk is known to have; the one before the first if it has none. Set by the thread that syncs.</summary>
    public long SyncedSequence
    {
        get => Volatile.Read(ref _syncedSequence);
        set => Volatile.Write(ref _syncedSequence, value);
    }

    /// <summary>Whether the disk keeps that the file is there.</summary>
    public bool IsNamed { get; private set; }

    /// <summary>Whether a write or a sync has failed: it is not touched again.</summary>
    public bool HasFailed => _hasFailed;

    /// <summary>Gives it up.</summary>
    public void Fail() => _hasFailed = true;

    /// <summary>Whether a mark waits.</summary>
    public bool HasMark => Volatile.Read(ref _mark) is not null;

    /// <summary>Leaves a mark that is to be signed when the disk has what is in front of it. One that still waits is replaced: the newer one says more.</summary>
    public void Leave(JournalMark mark) => Interlocked.Exchange(ref _mark, mark);

    /// <summary>Takes the mark.</summary>
    public JournalMark? TakeMark() => Volatile.Read(ref _mark) is null ? null : Interlocked.Exchange(ref _mark, null);

    /// <summary>Has the disk keep that the file is there. By the thread that syncs.</summary>
    /// <exception cref="IOException">The disk has failed.</exception>
    public void SyncName()
    {
        if (IsNamed)
        {
            return;
        }

        foreach (var directory in directories)
        {
            directory.Sync();
            directory.Dispose();
        }

        IsNamed = true;
    }

    public void Dispose()
    {
        file.Dispose();
        foreach (var directory in directories)
        {
            directory.Dispose();
        }
    }
}
