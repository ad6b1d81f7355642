namespace GatewayKit.Auditing.Custody;

/// <summary>What came of looking for what may go of an instance, from outside of its host. Immutable.</summary>
public sealed record AuditInstancePruning
{
    /// <summary>The instance.</summary>
    public required string Instance { get; init; }

    /// <summary>What was deleted, or would be, and why the next segment stays.</summary>
    public required AuditPruning Pruning { get; init; }

    /// <summary>Whether a process writes the instance. Then nothing was deleted: that one does it, once an hour.</summary>
    public bool IsInUse { get; init; }

    /// <summary>Who does not have the segment that stays because of <see cref="AuditPruningStop.Guard"/>: names of required sinks; <c>guard:</c> and a type stands for code of the host, which nobody else can ask.</summary>
    public IReadOnlyList<string> MissingCopies { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;
}
