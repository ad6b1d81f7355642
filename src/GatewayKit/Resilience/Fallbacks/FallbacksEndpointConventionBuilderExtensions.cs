using GatewayKit.Resilience.Fallbacks;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Lets something else answer when endpoints cannot.</summary>
public static class FallbacksEndpointConventionBuilderExtensions
{
    private static readonly FallbackPolicyValidator Validator = new();

    /// <summary>Lets something else answer when what these endpoints lead to cannot.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">What, and when. It overrides that of a group or the defaults. That its cluster or endpoint is there is checked at start.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithFallback<TBuilder>(this TBuilder builder, FallbackPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
