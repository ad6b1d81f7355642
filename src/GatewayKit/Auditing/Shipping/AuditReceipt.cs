namespace GatewayKit.Auditing.Shipping;

/// <summary>What became of a batch. Immutable.</summary>
public sealed record AuditReceipt
{
    /// <summary>The sink has every record, as it was sent.</summary>
    public static AuditReceipt Complete { get; } = new();

    /// <summary>Records that the sink does not take, and never will. They are noted in its file of dead letters and not sent again.</summary>
    public IReadOnlyList<AuditRejection> Rejections { get; init; } = [];

    /// <summary>Checkpoints that the sink does not take, and never will; <see langword="null"/>, the default, if it has all of them. They are noted too.</summary>
    public AuditCheckpointRejection? Checkpoints { get; init; }

    /// <summary>
    /// Records in whose place the sink has others: somebody has changed them there, or here. The journal says so (<c>integrity_violation</c>), and the log. The sink has kept what it had.
    /// </summary>
    public IReadOnlyList<AuditConflict> Conflicts { get; init; } = [];

    /// <summary>Checkpoints in whose place the sink has others: forged ones. The journal and the log say so too, and the sink has kept what it had.</summary>
    public IReadOnlyList<AuditConflict> CheckpointConflicts { get; init; } = [];
}

/// <summary>Records that a sink does not take.</summary>
/// <param name="Index">The first of them in <see cref="AuditBatch.Records"/>, from 0.</param>
/// <param name="Reason">Why, without anything from the record.</param>
public readonly record struct AuditRejection(int Index, string Reason)
{
    /// <summary>How many in a row are meant, from 1. Default 1. More if the sink says only how many of them it has refused.</summary>
    public int Among { get; init; } = 1;

    /// <summary>How many of these were refused, from 1 to <see cref="Among"/>. Default 1.</summary>
    public long Count { get; init; } = 1;
}

/// <summary>Checkpoints of a batch that a sink does not take.</summary>
/// <param name="Count">How many, from 1.</param>
/// <param name="Reason">Why, without anything from them.</param>
public readonly record struct AuditCheckpointRejection(long Count, string Reason);

/// <summary>A record, or a checkpoint, in whose place a sink has another one.</summary>
/// <param name="Sequence">Its number in the boot; of a checkpoint, the number of the last line that it is about.</param>
/// <param name="Hash">The hash that the sink has.</param>
public readonly record struct AuditConflict(long Sequence, string Hash)
{
    /// <summary>The boot; <see langword="null"/>, the default, for that of the batch. Another one if a sink looks at what it got before when it gets a batch.</summary>
    public Guid? Boot { get; init; }
}
