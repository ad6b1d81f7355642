namespace GatewayKit.Rollout;

/// <summary>How the answer of a mirror differed from the one that the client got: places and kinds, no values, no bodies and not the address that was asked for.</summary>
public sealed record MirrorDifference
{
    /// <summary>The route or endpoint.</summary>
    public required string RouteId { get; init; }

    /// <summary>The cluster of the mirror.</summary>
    public required string ClusterId { get; init; }

    /// <summary>The method of the request.</summary>
    public required string Method { get; init; }

    /// <summary>The id by which the request is found in logs and traces.</summary>
    public required string TraceId { get; init; }

    /// <summary>The status that the client got.</summary>
    public required int Status { get; init; }

    /// <summary>The status that the mirror answered with.</summary>
    public required int MirrorStatus { get; init; }

    /// <summary>The differences, the first 32 of them.</summary>
    public required IReadOnlyList<AnswerDifference> Differences { get; init; }
}

/// <summary>One difference between two answers.</summary>
/// <param name="Kind">What differs.</param>
/// <param name="Place">Where: the name of a field, or a JSON pointer into the body; empty for the whole.</param>
public readonly record struct AnswerDifference(AnswerDifferenceKind Kind, string Place)
{
    /// <inheritdoc/>
    public override string ToString() => Place.Length == 0 ? Kind.ToString() : $"{Kind} {Place}";
}

/// <summary>What two answers differ in.</summary>
public enum AnswerDifferenceKind
{
    /// <summary>The status.</summary>
    Status,

    /// <summary>A header field.</summary>
    Header,

    /// <summary>The time to the head.</summary>
    Latency,

    /// <summary>A body that is not JSON, or is on one side only.</summary>
    Body,

    /// <summary>JSON: a value that the mirror has not.</summary>
    Missing,

    /// <summary>JSON: a value that only the mirror has.</summary>
    Added,

    /// <summary>JSON: a value of another type.</summary>
    Type,

    /// <summary>JSON: another value of the same type.</summary>
    Value,
}
