namespace GatewayKit.Auditing.Custody;

/// <summary>Whoever has to have a copy of the journal before a part of it is deleted. Put any number into DI as singletons. Thread-safe.</summary>
public interface IAuditSegmentGuard
{
    /// <summary>Whether a segment may go: its copy is where it has to be. What throws keeps it.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="segment">The number of the segment, from 1.</param>
    bool MayDelete(string instance, Guid boot, int segment);
}
