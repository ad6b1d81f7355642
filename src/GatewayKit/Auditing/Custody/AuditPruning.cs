namespace GatewayKit.Auditing.Custody;

/// <summary>What came of looking for what may go.</summary>
/// <param name="Segments">How many segments were deleted.</param>
/// <param name="Lines">How many lines were in them.</param>
/// <param name="Stop">Why the oldest one that is left stays.</param>
public sealed record AuditPruning(int Segments, long Lines, AuditPruningStop Stop);

/// <summary>Why a segment stays, and with it all that came after it.</summary>
public enum AuditPruningStop
{
    /// <summary>It is the newest one.</summary>
    Newest,

    /// <summary>Its time has not come.</summary>
    Retention,

    /// <summary>A hold touches it.</summary>
    Hold,

    /// <summary>Somebody who has to have a copy does not have it yet.</summary>
    Guard,

    /// <summary>It cannot be read: somebody has to look at it.</summary>
    Unreadable,

    /// <summary>That it is deleted cannot be recorded.</summary>
    Unrecorded,

    /// <summary>The clock may be wrong, and by it everything may be old: somebody has set it more than a day ahead since the process began, or a tool finds the newest record in its future, or further back than lines are kept.</summary>
    Clock,
}
