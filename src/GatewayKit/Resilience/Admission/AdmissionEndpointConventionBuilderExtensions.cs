using GatewayKit.Resilience.Admission;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sends endpoints that fail fewer requests.</summary>
public static class AdmissionEndpointConventionBuilderExtensions
{
    private static readonly AdmissionPolicyValidator Validator = new();

    /// <summary>Lets only a part of the requests through while these endpoints fail.</summary>
    /// <param name="builder">The endpoints; each counts for itself.</param>
    /// <param name="policy">When, and how many. It overrides one that a group or the defaults set. Default: the defaults of <see cref="AdmissionPolicy"/>.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithAdmissionControl<TBuilder>(this TBuilder builder, AdmissionPolicy? policy = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy ?? new(), Validator);
}
