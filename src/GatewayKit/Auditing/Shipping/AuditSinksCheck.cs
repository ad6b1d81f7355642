using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace GatewayKit.Auditing.Shipping;

/// <summary>Whether copies of the journal go where they should. No reason to send requests elsewhere: they are recorded and served in any case.</summary>
internal sealed class AuditSinksCheck(AuditShippers shippers) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var lags = shippers.All.ToDictionary(static one => one.Name, static one => (object)one.Lag.Elapsed);
        var down = shippers.All.Where(static one => one.IsDegraded).Select(static one => one.Name).ToArray();
        return Task.FromResult(down.Length > 0
            ? new HealthCheckResult(context.Registration.FailureStatus, $"Behind the audit journal: {string.Join(", ", down)}.", data: lags)
            : HealthCheckResult.Healthy(data: lags));
    }
}
