using GatewayKit.Auditing.Shipping;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes the copies of the audit journal part of the host's health checks.</summary>
public static class AuditSinksHealthChecksBuilderExtensions
{
    /// <summary>Adds a check that fails while a sink of the audit journal is behind for longer than its <see cref="AuditSinkOptions.DegradedAfter"/>. For people: requests are served in any case.</summary>
    /// <param name="builder">What <c>AddHealthChecks()</c> returns.</param>
    /// <param name="name">The name of the check. Default <c>gateway-audit-sinks</c>.</param>
    /// <param name="failureStatus">What it reports then. Default <see cref="HealthStatus.Degraded"/>.</param>
    /// <param name="tags">Its tags, for the predicate of an endpoint. Default none.</param>
    /// <exception cref="InvalidOperationException">When the check runs: <c>AddApiGateway()</c> was not called.</exception>
    public static IHealthChecksBuilder AddGatewayAuditSinks(
        this IHealthChecksBuilder builder, string name = "gateway-audit-sinks", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return builder.Add(new HealthCheckRegistration(name, Create, failureStatus ?? HealthStatus.Degraded, tags));
    }

    private static AuditSinksCheck Create(IServiceProvider services) => new(services.GetService<AuditShippers>()
        ?? throw new InvalidOperationException("The gateway is not registered. Call builder.Services.AddApiGateway() beside AddHealthChecks().AddGatewayAuditSinks()."));
}
