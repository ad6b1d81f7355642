using GatewayKit.Identity.Introspection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Asks callers of endpoints for tokens that an authorization server is asked about.</summary>
public static class IntrospectionEndpointConventionBuilderExtensions
{
    private static readonly IntrospectionPolicyValidator Validator = new();

    /// <summary>Requires a bearer token at these endpoints that an authorization server says is active (RFC 7662).</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Which server, who the gateway is to it, and what a token has to be. It overrides what a group or the defaults say.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid. Whether the secret is there is checked at the host's start.</exception>
    public static TBuilder RequireIntrospection<TBuilder>(this TBuilder builder, IntrospectionPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
