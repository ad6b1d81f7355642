namespace GatewayKit.Auditing;

/// <summary>A signed word on how far the audit journal of an instance is. Immutable.</summary>
public sealed record AuditCheckpoint
{
    /// <summary>The instance.</summary>
    public required string Instance { get; init; }

    /// <summary>The boot of the instance.</summary>
    public required Guid Boot { get; init; }

    /// <summary>The number of the segment in the boot, from 1.</summary>
    public required int Segment { get; init; }

    /// <summary>The number of the last line in the boot, from 0.</summary>
    public required long Sequence { get; init; }

    /// <summary>The hash of that line, base64url.</summary>
    public required string Hash { get; init; }

    /// <summary>When it was signed, by the wall clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>All of it as it stands in the journal: a JSON object, with its signature, on one line without a line end. What verifies needs this.</summary>
    public required string Line { get; init; }
}
