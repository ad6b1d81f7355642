namespace GatewayKit.Auditing.Journal;

/// <summary>How far a segment is and what it says up to there: what a checkpoint signs.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="SegmentPath">Its file.</param>
/// <param name="Sequence">The number of the last line.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Count">How many lines the segment has.</param>
/// <param name="Root">The root of the tree over them.</param>
/// <param name="IsLast">Whether no line follows in the segment.</param>
internal sealed record JournalMark(int Segment, string SegmentPath, long Sequence, string Hash, long Count, string Root, bool IsLast);
