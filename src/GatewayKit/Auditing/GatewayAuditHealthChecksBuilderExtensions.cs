using GatewayKit.Auditing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes the audit journal part of the host's health checks.</summary>
public static class GatewayAuditHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check that fails while nothing can be recorded, so that requests that have to be recorded are refused: the disk is full or has failed, or the journal has ended. It is degraded
    /// while no checkpoints can be signed. Without a journal it is healthy.
    /// </summary>
    /// <param name="builder">What <c>AddHealthChecks()</c> returns.</param>
    /// <param name="name">The name of the check. Default <c>gateway-audit</c>.</param>
    /// <param name="failureStatus">What it reports when it fails. Default <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Its tags, for the predicate of an endpoint. Default <c>ready</c>.</param>
    /// <exception cref="InvalidOperationException">When the check runs: <c>AddApiGateway()</c> was not called.</exception>
    public static IHealthChecksBuilder AddGatewayAudit(
        this IHealthChecksBuilder builder, string name = "gateway-audit", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return builder.Add(new HealthCheckRegistration(name, Create, failureStatus, tags ?? ["ready"]));
    }

    private static AuditCheck Create(IServiceProvider services) => new(services.GetService<AuditTrail>()
        ?? throw new InvalidOperationException("The gateway is not registered. Call builder.Services.AddApiGateway() beside AddHealthChecks().AddGatewayAudit()."));
}
