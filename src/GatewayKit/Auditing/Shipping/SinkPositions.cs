using System.Collections.Concurrent;

namespace GatewayKit.Auditing.Shipping;

/// <summary>How far a sink is in each boot: as it was told, as its file says, and as it says itself if it keeps that. The least of them counts. Written by one at a time.</summary>
/// <param name="file">The file beside the journal.</param>
/// <param name="boots">Where boots are.</param>
internal sealed class SinkPositions(PositionFile file, BootFolders boots)
{
    private readonly ConcurrentDictionary<Guid, AuditPosition> _positions = new();
    private bool _isKeptBySink, _isKnown;

    /// <summary>How far it is in a boot.</summary>
    public AuditPosition Of(Guid boot) => _positions.TryGetValue(boot, out var position) ? position : new(boot);

    /// <summary>Begins anew by what the sink says.</summary>
    /// <param name="kept">Its positions; <see langword="null"/> if it keeps none.</param>
    /// <returns>Why the file cannot be read, where the sink's word is enough without it.</returns>
    public Exception? Begin(IReadOnlyCollection<AuditPosition>? kept)
    {
        // What it has not been sent it does not have: who may write to a sink may have moved its position on, to leave something out. So of what it says it can only have lost something. A file that is lost knows nothing.
        IReadOnlyCollection<AuditPosition>? known = null;
        Exception? failure = null;
        try
        {
            known = _isKnown ? [.. _positions.Values] : file.TryRead();
        }
        catch (Exception exception) when (kept is not null && exception is (IOException or UnauthorizedAccessException))
        {
            failure = exception;
        }

        (_isKeptBySink, _isKnown) = (kept is not null, true);
        _positions.Clear();
        foreach (var position in (kept ?? known ?? []).Where(static position => position.IsPossible))
        {
            if (known is null)
            {
                _positions[position.Boot] = position;
            }
            else if (known.FirstOrDefault(one => one.Boot == position.Boot) is { } own)
            {
                _positions[position.Boot] = position.Earlier(own);
            }
        }

        return failure;
    }

    /// <summary>The sink has what is in front of a position.</summary>
    /// <param name="position">The position.</param>
    /// <param name="current">The boot that is written, whose folder need not be there yet.</param>
    public void Move(AuditPosition position, Guid current)
    {
        _positions[position.Boot] = position;
        try
        {
            file.Write(_positions.Values.Where(one => one.Boot == current || boots.Exists(one.Boot)));
        }
        catch (Exception exception) when (_isKeptBySink && exception is (IOException or UnauthorizedAccessException))
        {
            // An older one costs sending some records again.
        }
    }
}
