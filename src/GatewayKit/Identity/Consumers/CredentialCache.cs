using System.Collections.Concurrent;

namespace GatewayKit.Identity.Consumers;

/// <summary>
/// What is known of credentials of one kind, by their ids: those that somebody has and those that nobody has, each up to a number. One look-up for both, so that their time does
/// not tell them apart. Safe for concurrent use.
/// </summary>
internal sealed class CredentialCache
{
    private readonly ConcurrentDictionary<string, FoundCredential> _all = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, FoundCredential>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly Lock _clearing = new();
    private readonly int _maxKnown;
    private readonly int _maxUnknown;
    private int _known, _unknown, _round;

    public CredentialCache(int maxKnown, int maxUnknown)
    {
        (_maxKnown, _maxUnknown) = (maxKnown, maxUnknown);
        _bySpan = _all.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many there are that somebody has.</summary>
    public int Known => Volatile.Read(ref _known);

    /// <summary>How many there are that nobody has.</summary>
    public int Unknown => Volatile.Read(ref _unknown);

    public FoundCredential? Find(ReadOnlySpan<char> id)
    {
        if (!_bySpan.TryGetValue(id, out var found))
        {
            return null;
        }

        // Written when it has changed only: everybody reads it.
        var round = _round;
        if (found.Round != round)
        {
            found.Round = round;
        }

        return found;
    }

    /// <summary>Keeps what was found, in place of what was there.</summary>
    public void Set(FoundCredential found)
    {
        // Not in use before it is found again: of many that come once, none pushes out one that comes all the time.
        found.Round = Volatile.Read(ref _round) - 1;
        FoundCredential? before = null;
        while (!_all.TryAdd(found.Id, found))
        {
            if (_all.TryGetValue(found.Id, out before) && _all.TryUpdate(found.Id, found, before))
            {
                Count(before, -1);
                break;
            }
        }

        Count(found, 1);
        if (Known > _maxKnown || Unknown > _maxUnknown)
        {
            ClearUp();
        }
    }

    /// <summary>Forgets one, if it is still that one.</summary>
    public void Remove(FoundCredential found)
    {
        if (_all.TryRemove(KeyValuePair.Create(found.Id, found)))
        {
            Count(found, -1);
        }
    }

    /// <summary>Forgets all that meet a condition.</summary>
    public void RemoveAll(Func<FoundCredential, bool> isMeant)
    {
        foreach (var (_, found) in _all)
        {
            if (isMeant(found))
            {
                Remove(found);
            }
        }
    }

    private void Count(FoundCredential found, int change) => Interlocked.Add(ref found.Owner is null ? ref _unknown : ref _known, change);

    // Whoever finds it too full clears a quarter out at least, so that this comes once in many. Others add to it meanwhile: a few more than the number are no harm.
    private void ClearUp()
    {
        if (!_clearing.TryEnter())
        {
            return;
        }

        try
        {
            var round = Volatile.Read(ref _round);
            ClearUp(isUnknown: false, round, _maxKnown);
            ClearUp(isUnknown: true, round, _maxUnknown);
            Volatile.Write(ref _round, round + 1);
        }
        finally
        {
            _clearing.Exit();
        }
    }

    private void ClearUp(bool isUnknown, int round, int most)
    {
        int Left() => isUnknown ? Unknown : Known;
        if (Left() <= most)
        {
            return;
        }

        var target = most - (most / 4);

        // First those that nobody has used since the last time, then whatever comes.
        RemoveAll(found => found.Owner is null == isUnknown && found.Round != round && Left() > target);
        RemoveAll(found => found.Owner is null == isUnknown && Left() > target);
    }
}
