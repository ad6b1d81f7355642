namespace GatewayKit.Auditing.Shipping;

/// <summary>Records of one boot, in their order. Valid until the call that it is handed to returns.</summary>
public sealed class AuditBatch
{
    /// <summary>The instance that wrote them.</summary>
    public required string Instance { get; init; }

    /// <summary>The boot of the instance.</summary>
    public required Guid Boot { get; init; }

    /// <summary>The records; perhaps none.</summary>
    public required IReadOnlyList<AuditRecord> Records { get; init; }

    /// <summary>
    /// Signed words on how far the journal is, in the order in which they were signed: each a JSON object on one line without a line end. Perhaps none, and perhaps about records that are not in
    /// this batch.
    /// </summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Checkpoints { get; init; }

    /// <summary>How far the sink has come in this boot when it has this batch.</summary>
    public required AuditPosition Position { get; init; }
}

/// <summary>One line of the journal.</summary>
/// <param name="Sequence">Its number in the boot, from 0.</param>
/// <param name="Hash">Its hash, which covers all lines in front of it: base64url, 43 characters.</param>
/// <param name="Kind"><c>segment</c>, <c>begin</c>, <c>end</c> or <c>event</c>; empty if it does not say.</param>
/// <param name="Line">The line as it was written: a JSON object in UTF-8, without a line end. Whoever keeps other bytes than these cannot verify the hash.</param>
public readonly record struct AuditRecord(long Sequence, string Hash, string Kind, ReadOnlyMemory<byte> Line);
