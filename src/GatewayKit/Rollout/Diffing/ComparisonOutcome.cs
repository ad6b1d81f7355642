namespace GatewayKit.Rollout.Diffing;

/// <summary>What a comparison found.</summary>
/// <param name="Word">The tag of the metric.</param>
/// <param name="Reason">Why nothing was compared; else <see langword="null"/>.</param>
/// <param name="Differences">What differs; <see langword="null"/> if nothing does.</param>
internal readonly record struct ComparisonOutcome(string Word, string? Reason = null, IReadOnlyList<AnswerDifference>? Differences = null)
{
    public static ComparisonOutcome Equal => new("equal");

    public static ComparisonOutcome MirrorFailed => new("mirror-failed");

    public static ComparisonOutcome NotCompared(string reason) => new("not-compared", reason);

    public static ComparisonOutcome Different(IReadOnlyList<AnswerDifference> differences) => new("different", null, differences);
}
