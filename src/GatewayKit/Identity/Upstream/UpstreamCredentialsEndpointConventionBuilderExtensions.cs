using GatewayKit.Identity.Upstream;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says what the gateway shows destinations to be let in.</summary>
public static class UpstreamCredentialsEndpointConventionBuilderExtensions
{
    private static readonly UpstreamCredentialsPolicyValidator Validator = new();

    /// <summary>Sends a credential with what these endpoints forward.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Which. It takes the place of one that a group or the defaults set.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithUpstreamCredentials<TBuilder>(this TBuilder builder, UpstreamCredentialsPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
