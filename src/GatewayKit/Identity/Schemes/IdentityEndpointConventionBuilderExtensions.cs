using GatewayKit.Identity.Schemes;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Asks callers of endpoints for an identity of the host's authentication schemes.</summary>
public static class IdentityEndpointConventionBuilderExtensions
{
    private static readonly IdentityPolicyValidator Validator = new();

    /// <summary>Requires an identity at these endpoints.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="schemes">The names of authentication schemes of the host, any of which may say who calls. Default none: the host's default scheme.</param>
    /// <exception cref="OptionsValidationException">A name is empty or there twice. Whether the host has the schemes is checked at its start.</exception>
    public static TBuilder RequireIdentity<TBuilder>(this TBuilder builder, params string[] schemes)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(schemes);
        return builder.RequireIdentity(new IdentityPolicy { Schemes = schemes });
    }

    /// <summary>Requires an identity at these endpoints.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Which, and what more. It overrides what a group or the defaults say.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid. Whether the host has the schemes is checked at its start.</exception>
    public static TBuilder RequireIdentity<TBuilder>(this TBuilder builder, IdentityPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
