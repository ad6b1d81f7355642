using GatewayKit.Resilience.Faults;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Injects faults on endpoints.</summary>
public static class FaultInjectionEndpointConventionBuilderExtensions
{
    private static readonly FaultPolicyValidator Validator = new();

    /// <summary>Injects faults into requests of these endpoints. The host does not start unless <see cref="GatewayKit.GatewayOptions.FaultInjection"/> is on.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">The faults. They take the place of those with the same position that a group or the defaults set, and add to others.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithFaultInjection<TBuilder>(this TBuilder builder, FaultPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
