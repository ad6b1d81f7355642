namespace GatewayKit.Auditing.Reading;

/// <summary>Collects findings: the first ones whole, all of them as a count. Not thread-safe.</summary>
/// <param name="directory">The directory that files are told relative to.</param>
/// <param name="most">How many are kept.</param>
internal sealed class Findings(string directory, int most)
{
    private readonly List<AuditFinding> _all = [];
    private readonly Dictionary<AuditFindingCode, long> _counts = [];
    private int _notes;

    /// <summary>Those that are kept.</summary>
    public IReadOnlyList<AuditFinding> All => _all;

    /// <summary>How many there are of each code.</summary>
    public IReadOnlyDictionary<AuditFindingCode, long> Counts => _counts;

    /// <summary>How many violations there are.</summary>
    public long Violations { get; private set; }

    public void Violation(AuditFindingCode code, FilePlace place, string sentence) => Add(code, AuditFindingLevel.Violation, place, sentence);

    public void Note(AuditFindingCode code, FilePlace place, string sentence) => Add(code, AuditFindingLevel.Note, place, sentence);

    private void Add(AuditFindingCode code, AuditFindingLevel level, FilePlace place, string sentence)
    {
        _counts[code] = _counts.GetValueOrDefault(code) + 1;
        var isNote = level is AuditFindingLevel.Note;
        Violations += isNote ? 0 : 1;

        // However many notes there are, violations have room.
        if ((isNote ? _notes : _all.Count - _notes) < most)
        {
            _notes += isNote ? 1 : 0;
            _all.Add(new(code, level, Path.GetRelativePath(directory, place.File), place.Line, place.Offset, sentence));
        }
    }
}

/// <summary>A place in a file.</summary>
/// <param name="File">The file.</param>
/// <param name="Line">The line, from 1; 0 for the whole file.</param>
/// <param name="Offset">Where it begins.</param>
internal readonly record struct FilePlace(string File, long Line = 0, long Offset = 0);
