using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace GatewayKit.Lifecycle;

/// <summary>
/// Whether balancers should send requests here. Not whether destinations are well: a fault of theirs would take every gateway out at once,
/// and with it all that still works.
/// </summary>
internal sealed class ReadinessCheck(DrainState drain) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(drain.IsDraining
            ? new HealthCheckResult(context.Registration.FailureStatus, "The host is stopping.")
            : HealthCheckResult.Healthy());
}
