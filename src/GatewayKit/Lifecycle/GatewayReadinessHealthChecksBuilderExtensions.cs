using GatewayKit.Lifecycle;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes the gateway part of the host's health checks.</summary>
public static class GatewayReadinessHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check that fails from the moment the host begins to stop, while it still serves, so that balancers send new requests elsewhere.
    /// It says nothing of destinations: one that is ill must not take the gateway out.
    /// </summary>
    /// <param name="builder">What <c>AddHealthChecks()</c> returns; <c>MapHealthChecks("/readyz")</c> answers 503 when the check fails.</param>
    /// <param name="name">The name of the check. Default <c>gateway</c>.</param>
    /// <param name="failureStatus">What it reports then. Default <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Its tags, for the predicate of an endpoint. Default <c>ready</c>.</param>
    /// <exception cref="InvalidOperationException">When the check runs: <c>AddApiGateway()</c> was not called.</exception>
    public static IHealthChecksBuilder AddGatewayReadiness(
        this IHealthChecksBuilder builder, string name = "gateway", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return builder.Add(new HealthCheckRegistration(name, Create, failureStatus, tags ?? ["ready"]));
    }

    private static ReadinessCheck Create(IServiceProvider services) => new(services.GetService<DrainState>()
        ?? throw new InvalidOperationException("The gateway is not registered. Call builder.Services.AddApiGateway() beside AddHealthChecks().AddGatewayReadiness()."));
}
