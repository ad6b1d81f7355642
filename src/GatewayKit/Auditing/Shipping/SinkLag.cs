using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Shipping;

/// <summary>What is written and a sink does not have, and for how long. Asked by timers and metrics while one goes on with it.</summary>
/// <param name="journal">What is written.</param>
/// <param name="boots">Where boots are.</param>
/// <param name="positions">How far the sink is.</param>
/// <param name="time">The clock.</param>
/// <param name="count">What counts how many bytes of a boot are behind a position, by its folders.</param>
internal sealed class SinkLag(
    AuditJournal journal, BootFolders boots, SinkPositions positions, TimeProvider time, Func<IReadOnlyList<string>, AuditPosition, (int Segment, long Length)?, long> count)
{
    private ((int Segment, long Length) Written, long At)? _mark;
    private volatile bool _hasEarlierBoots = true, _isWaiting;
    private long _completeAt = time.GetTimestamp();

    /// <summary>Whether there may be something of earlier boots.</summary>
    public bool HasEarlierBoots
    {
        get => _hasEarlierBoots;
        set => _hasEarlierBoots = value;
    }

    /// <summary>Whether something of the boot that is written cannot be read, lines or checkpoints.</summary>
    public bool IsWaiting
    {
        set => _isWaiting = value;
    }

    /// <summary>For how long.</summary>
    public TimeSpan Elapsed => _hasEarlierBoots || _isWaiting || Count(journal.Boot, journal.Written) is not 0 ? time.GetElapsedTime(Volatile.Read(ref _completeAt)) : TimeSpan.Zero;

    /// <summary>How much, as it lies on the disk; <see langword="null"/> if the disk does not say.</summary>
    public long? Bytes()
    {
        var bytes = Count(journal.Boot, journal.Written);
        foreach (var boot in _hasEarlierBoots ? boots.Earlier(journal.Boot) : [])
        {
            bytes += Count(boot, null);
        }

        return bytes;
    }

    /// <summary>The sink had everything at a time.</summary>
    public void Complete(long at)
    {
        _mark = null;
        if (!_hasEarlierBoots)
        {
            Volatile.Write(ref _completeAt, Math.Max(at, _completeAt));
        }
    }

    /// <summary>The sink has got something. It never has everything of a journal that is always written: but at some time what was written a while ago.</summary>
    /// <param name="written">How far the journal was before that was read.</param>
    /// <param name="at">When.</param>
    public void Reached((int Segment, long Length) written, long at)
    {
        var mark = _mark ??= (written, at);
        var position = positions.Of(journal.Boot);
        if ((position.Segment, position.Offset).CompareTo(mark.Written) >= 0)
        {
            Complete(mark.At);
        }
    }

    // A timer must not end the process because a disk fails, or a file was deleted at this moment.
    private long? Count(Guid boot, (int Segment, long Length)? written)
    {
        try
        {
            return count(boots.Of(boot), positions.Of(boot), written);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
