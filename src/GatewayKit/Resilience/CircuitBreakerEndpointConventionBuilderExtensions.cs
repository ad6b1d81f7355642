using GatewayKit.Resilience;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Keeps endpoints that fail from being asked again and again.</summary>
public static class CircuitBreakerEndpointConventionBuilderExtensions
{
    private static readonly CircuitBreakerPolicyValidator Validator = new();

    /// <summary>
    /// Leaves these endpoints alone while they fail: requests are answered with 503 <c>circuit-open</c> for a while, then a few are let through. Each
    /// endpoint has a circuit of its own, which outlives reloads. On a gateway route it speaks of the route as a whole, around all attempts; the
    /// circuit of each destination is a setting of the cluster.
    /// </summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">When it opens and closes. Default: the defaults of <see cref="CircuitBreakerPolicy"/>. It overrides what a group says.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithCircuitBreaker<TBuilder>(this TBuilder builder, CircuitBreakerPolicy? policy = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy ?? new(), Validator);
}
