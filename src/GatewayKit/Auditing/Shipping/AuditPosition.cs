namespace GatewayKit.Auditing.Shipping;

/// <summary>How far a sink has come in the records of one boot. Immutable. Only the journal makes sense of it; a sink that keeps it gives it back as it was.</summary>
/// <param name="Boot">The boot.</param>
/// <param name="Segment">The segment in which it goes on.</param>
/// <param name="Offset">Where in it, in bytes of its content.</param>
/// <param name="CheckpointSegment">The segment with whose checkpoints it goes on.</param>
/// <param name="CheckpointOffset">Where in the file of these, in bytes.</param>
public sealed record AuditPosition(Guid Boot, int Segment = 1, long Offset = 0, int CheckpointSegment = 1, long CheckpointOffset = 0)
{
    /// <summary>What both have.</summary>
    internal AuditPosition Earlier(AuditPosition other)
    {
        var records = (Segment, Offset).CompareTo((other.Segment, other.Offset)) <= 0 ? this : other;
        var checkpoints = (CheckpointSegment, CheckpointOffset).CompareTo((other.CheckpointSegment, other.CheckpointOffset)) <= 0 ? this : other;
        return records with { CheckpointSegment = checkpoints.CheckpointSegment, CheckpointOffset = checkpoints.CheckpointOffset };
    }

    /// <summary>Whether there may be such a place: what a sink gives back may be anybody's.</summary>
    internal bool IsPossible => Segment > 0 && Offset >= 0 && CheckpointSegment > 0 && CheckpointOffset >= 0;

    /// <summary>Whether the sink has all of a segment, and its checkpoints.</summary>
    internal bool HasAll(int segment) => Segment > segment && CheckpointSegment > segment;
}
