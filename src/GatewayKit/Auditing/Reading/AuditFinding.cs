namespace GatewayKit.Auditing.Reading;

/// <summary>Something that a verification has to say of a place in a journal.</summary>
/// <param name="Code">What it is.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="File">The file, relative to the directory of the journal. A directory where a file is missing.</param>
/// <param name="Line">The line in the file, from 1; 0 if it is about the whole file.</param>
/// <param name="Offset">Where in the file that is, in bytes of its content.</param>
/// <param name="Sentence">The whole of it in words.</param>
public sealed record AuditFinding(AuditFindingCode Code, AuditFindingLevel Level, string File, long Line, long Offset, string Sentence)
{
    /// <inheritdoc/>
    public override string ToString() => $"{(Level is AuditFindingLevel.Violation ? "VIOLATION" : "note")} {Code}, {File}{(Line > 0 ? $":{Line}" : string.Empty)}: {Sentence}";
}

/// <summary>How much a finding matters.</summary>
public enum AuditFindingLevel
{
    /// <summary>A journal in good order may have it.</summary>
    Note,

    /// <summary>The journal is not what was written, or nobody can show that it is.</summary>
    Violation,
}

/// <summary>What a verification finds.</summary>
public enum AuditFindingCode
{
    /// <summary>A line is not the one that was written: its content, its number, its hash or its line end was changed.</summary>
    ChangedLine,

    /// <summary>Lines are missing between others, or at the end of a segment that others follow.</summary>
    MissingLines,

    /// <summary>A line stands there a second time.</summary>
    RepeatedLine,

    /// <summary>A line is at another place than where it was written.</summary>
    MovedLine,

    /// <summary>There is a line that was never written.</summary>
    InsertedLine,

    /// <summary>There are bytes that are no line, or a file that is none of a journal's.</summary>
    ForeignBytes,

    /// <summary>A segment is damaged as a whole: it cannot be decompressed, or does not say which it is.</summary>
    DamagedSegment,

    /// <summary>A segment does not say of itself, or of the one before it, what is the case.</summary>
    WrongHeader,

    /// <summary>A segment is missing.</summary>
    MissingSegment,

    /// <summary>A boot is missing.</summary>
    MissingBoot,

    /// <summary>An instance is missing.</summary>
    MissingInstance,

    /// <summary>Two boots claim to follow the same one.</summary>
    ForkedBoot,

    /// <summary>A journal ends before what was signed.</summary>
    CutTail,

    /// <summary>What was signed is not what is there: whoever changed it has made new hashes, and could not sign them.</summary>
    CheckpointMismatch,

    /// <summary>Checkpoints are signed by a key that is not known: one finding for each key, at the first of them.</summary>
    UnknownKey,

    /// <summary>The signature of a checkpoint is wrong.</summary>
    BadSignature,

    /// <summary>A checkpoint cannot be read.</summary>
    BadCheckpoint,

    /// <summary>A checkpoint does not follow the one before it: one was taken out, put in or moved.</summary>
    BrokenCheckpoints,

    /// <summary>No signature covers the last lines of an instance.</summary>
    UnsignedEnd,

    /// <summary>Requests have a beginning and no end: how they ended is unknown.</summary>
    UnknownEnd,

    /// <summary>A part of the journal was deleted by its retention, which is recorded and signed.</summary>
    Pruned,

    /// <summary>What a crash had left of a line was cut off and kept.</summary>
    TornTail,

    /// <summary>A line is not whole yet, or will never be: the journal is being written, or its process was killed.</summary>
    PartialLine,

    /// <summary>The wall clock was set.</summary>
    ClockStep,

    /// <summary>The keys that signatures were checked with are those that lie beside the journal: whoever can write there could have put them there.</summary>
    OwnKeys,

    /// <summary>The disk of a segment failed, and the journal went on in another one, which is recorded and signed. What stands in both counts once.</summary>
    GivenUpSegment,

    /// <summary>The journal says that records were lost.</summary>
    LostRecords,

    /// <summary>The journal says that a sink had other records or checkpoints than it was sent: they were changed there, or here.</summary>
    ChangedCopy,

    /// <summary>No anchor was named: that the end of an instance was cut off with its checkpoints, or that an instance is missing, could not be seen.</summary>
    NoAnchor,
}
