using System.Globalization;

namespace GatewayKit.Auditing.Bodies;

/// <summary>
/// Places in JSON that are masked, followed while JSON is read: a set of steps says how far each mask has come, one bit a step of all masks together. Immutable.
/// </summary>
internal sealed class BodyMasks
{
    /// <summary>How many steps all masks of a policy have together at most.</summary>
    public const int MostSteps = 64;

    private readonly MaskStep[] _steps;

    /// <param name="paths">Masks without a fault.</param>
    /// <exception cref="FormatException">One of them has one.</exception>
    public BodyMasks(IReadOnlyList<string> paths)
    {
        var steps = new List<MaskStep>();
        var areNames = true;
        foreach (var path in paths)
        {
            Start |= 1UL << steps.Count;
            var parser = new MaskParser(path);
            var before = steps.Count;
            if (!parser.TryRead(steps))
            {
                throw new FormatException(parser.Fault);
            }

            areNames &= steps.Count == before + 1 && steps[^1].Name is not null;
        }

        _steps = [.. steps];
        AreNames = areNames;
    }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _steps.Length == 0;

    /// <summary>Whether each is one name: such masks can be applied to forms too.</summary>
    public bool AreNames { get; }

    /// <summary>Where all masks stand at the root.</summary>
    public ulong Start { get; }

    /// <summary>What is wrong with masks, as sentences with the place.</summary>
    public static IEnumerable<string> FaultsOf(IReadOnlyList<string> paths)
    {
        if (paths.Count > AuditBody.MostMasks)
        {
            yield return $"Masks has {paths.Count} masks; at most {AuditBody.MostMasks} are applied.";
        }

        var steps = new List<MaskStep>();
        foreach (var path in paths)
        {
            var parser = new MaskParser(path ?? string.Empty);
            if (!parser.TryRead(steps))
            {
                yield return $"Masks has '{path}': {parser.Fault}";
            }
        }

        if (steps.Count > MostSteps)
        {
            yield return $"Masks has {steps.Count} steps in all its masks together; at most {MostSteps} are followed. Write '$..name' in place of long paths.";
        }
    }

    /// <summary>Steps into a member or an item.</summary>
    /// <param name="at">Where the masks stand.</param>
    /// <param name="name">The name of a member; empty for an item.</param>
    /// <param name="index">The index of an item; -1 for a member.</param>
    /// <param name="isMasked">Whether it is masked.</param>
    /// <returns>Where they stand in it.</returns>
    public ulong Into(ulong at, ReadOnlySpan<char> name, int index, out bool isMasked)
    {
        isMasked = false;
        var inside = 0UL;
        for (var left = at; left != 0; left &= left - 1)
        {
            var step = System.Numerics.BitOperations.TrailingZeroCount(left);
            ref readonly var known = ref _steps[step];
            if (known.IsDescendant)
            {
                inside |= 1UL << step;
            }

            if (known.Matches(name, index))
            {
                isMasked |= known.IsLast;
                inside |= known.IsLast ? 0 : 1UL << (step + 1);
            }
        }

        return inside;
    }

    /// <summary>Whether a key of a form is one of the names, in whole or by a part of it, as in <c>user[password]</c>. Only if <see cref="AreNames"/>.</summary>
    public bool IncludeKey(ReadOnlySpan<char> key)
    {
        foreach (var step in _steps)
        {
            if (key.Equals(step.Name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }

            foreach (var part in key.SplitAny("[]."))
            {
                if (key[part].Equals(step.Name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}

/// <summary>One step of a mask.</summary>
/// <param name="Name">The name of the member; <see langword="null"/> if it is an index or anything.</param>
/// <param name="Index">The index of the item; -1 if it is a name or anything.</param>
/// <param name="IsDescendant">Whether it may be any number of levels down.</param>
/// <param name="IsLast">Whether what it leads to is masked.</param>
internal readonly record struct MaskStep(string? Name, int Index, bool IsDescendant, bool IsLast)
{
    public bool Matches(ReadOnlySpan<char> name, int index) =>
        Name is { } own ? index < 0 && name.Equals(own, StringComparison.OrdinalIgnoreCase)
        : Index < 0 || Index == index;
}

/// <summary>Reads a mask: of JSONPath (RFC 9535) names, indexes, wildcards and descendants.</summary>
/// <param name="path">The text.</param>
internal sealed class MaskParser(string path)
{
    private int _at;

    /// <summary>What is wrong with it, as a sentence.</summary>
    public string? Fault { get; private set; }

    /// <summary>Reads it.</summary>
    /// <param name="steps">Where its steps are added.</param>
    public bool TryRead(List<MaskStep> steps)
    {
        if (!path.StartsWith('$'))
        {
            return Fail("a mask begins with '$'. Write '$.name' for a member of the root, '$..name' for one anywhere.");
        }

        _at = 1;
        if (path.Length is 1)
        {
            return Fail("it masks everything. Leave Body out, or name what is masked.");
        }

        while (_at < path.Length)
        {
            var isDescendant = path.AsSpan(_at).StartsWith("..", StringComparison.Ordinal);
            _at += isDescendant ? 2 : 0;
            if (ReadStep(isDescendant) is not { } step)
            {
                return false;
            }

            steps.Add(step with { IsDescendant = isDescendant, IsLast = _at == path.Length });
        }

        return true;
    }

    private MaskStep? ReadStep(bool isDescendant)
    {
        if (_at < path.Length && path[_at] is '[')
        {
            return ReadBracket();
        }

        if (!isDescendant)
        {
            if (path[_at] is not '.')
            {
                Fail($"there is '{path[_at]}' at {_at + 1} where '.', '..' or '[' has to be.");
                return null;
            }

            _at++;
        }

        if (_at < path.Length && path[_at] is '*')
        {
            _at++;
            return new(null, -1, false, false);
        }

        // RFC 9535 §2.5.1.1, member-name-shorthand, and '-', which is in many names.
        var begin = _at;
        while (_at < path.Length && (char.IsLetterOrDigit(path[_at]) || path[_at] is '_' or '-' or > '\u007F'))
        {
            _at++;
        }

        if (_at == begin)
        {
            Fail(_at < path.Length ? $"there is '{path[_at]}' at {_at + 1} where a name has to be. Write other names as ['name']." : "it ends where a name has to be.");
            return null;
        }

        return new(path[begin.._at], -1, false, false);
    }

    private MaskStep? ReadBracket()
    {
        var begin = ++_at;
        if (_at < path.Length && path[_at] is '\'' or '"')
        {
            var close = path.IndexOf(path[_at], _at + 1);
            if (close > 0 && close + 1 < path.Length && path[close + 1] is ']' && path.IndexOf('\\', _at, close - _at) < 0)
            {
                _at = close + 2;
                return new(path[(begin + 1)..close], -1, false, false);
            }

            Fail($"the name at {begin + 1} has no end. Write ['name'], without '\\'.");
            return null;
        }

        var end = path.IndexOf(']', _at);
        var inside = end < 0 ? string.Empty : path[begin..end];
        if (inside is "*" || (int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index >= 0))
        {
            _at = end + 1;
            return inside is "*" ? new(null, -1, false, false) : new(null, int.Parse(inside, NumberStyles.None, CultureInfo.InvariantCulture), false, false);
        }

        Fail($"what is in the brackets at {begin} is not followed here. Write ['name'], [0] or [*]; slices and filters are not known.");
        return null;
    }

    private bool Fail(string fault)
    {
        Fault = fault;
        return false;
    }
}
