using GatewayKit.Identity.ExternalAuthorization;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Lets a service decide about requests to endpoints.</summary>
public static class ExternalAuthorizationEndpointConventionBuilderExtensions
{
    private static readonly ExternalAuthorizationPolicyValidator Validator = new();

    /// <summary>Asks a service about each request to these endpoints.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Which, and how. It overrides what a group or the defaults say.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid.</exception>
    public static TBuilder RequireExternalAuthorization<TBuilder>(this TBuilder builder, ExternalAuthorizationPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
