using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace GatewayKit.Auditing;

/// <summary>Whether what has to be recorded can be recorded.</summary>
internal sealed class AuditCheck(AuditTrail trail) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        return Task.FromResult(trail.Journal switch
        {
            null when trail.IsMissing => Failed("The audit journal could not be opened after a reload: what asks for records is refused. The log says why, and the next reload tries again."),
            null => HealthCheckResult.Healthy(),
            { State: JournalState.DiskFull } => Failed("The disk of the audit journal is full."),
            { State: JournalState.Failed } => Failed("The disk of the audit journal has failed."),
            { State: JournalState.Dead } => Failed("The audit journal has ended by a defect; only a new process helps."),
            { State: JournalState.Stopped } => Failed("The audit journal is closed."),
            { IsUnsignedTooLong: true } => HealthCheckResult.Degraded("No checkpoints of the audit journal could be signed for too long: requests of routes with Strict auditing are refused."),
            { IsUnsealed: true } => HealthCheckResult.Degraded("No checkpoints of the audit journal can be signed."),
            var journal when journal.AnchorsBehind.ToArray() is { Length: > 0 } behind => HealthCheckResult.Degraded($"Behind with the checkpoints of the audit journal: {string.Join(", ", behind)}."),
            _ => HealthCheckResult.Healthy(),
        });

        HealthCheckResult Failed(string description) => new(context.Registration.FailureStatus, description);
    }
}
