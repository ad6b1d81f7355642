namespace GatewayKit.Auditing.Custody;

/// <summary>What <see cref="AuditCustodian.PruneAsync"/> looks at. Immutable.</summary>
public sealed record AuditCustodianPruning
{
    /// <summary>The instances. Default none: all there are.</summary>
    public IReadOnlyList<string> Instances { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Names of sinks and guards, as in <see cref="AuditInstancePruning.MissingCopies"/>, whose copies nobody waits for any more. Default none.</summary>
    public IReadOnlyList<string> WithoutCopies { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// Whether the clock of this machine counts although the newest record of an instance is in its future, or further back than lines are kept. Default no: of such an instance nothing is deleted
    /// (<see cref="AuditPruningStop.Clock"/>).
    /// </summary>
    public bool IsClockTrusted { get; init; }

    /// <summary>Whether it is only told what would be deleted: nothing is written, and instances in use are looked at too. Default no.</summary>
    public bool IsPreview { get; init; }
}
