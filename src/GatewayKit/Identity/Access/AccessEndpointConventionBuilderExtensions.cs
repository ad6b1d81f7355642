using GatewayKit.Identity.Access;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says what callers may do at endpoints.</summary>
public static class AccessEndpointConventionBuilderExtensions
{
    private static readonly AccessPolicyValidator Validator = new();

    /// <summary>Says what callers need to use these endpoints.</summary>
    /// <param name="builder">The endpoints. Something has to find out who calls them, unless methods and hours are all that is asked for.</param>
    /// <param name="policy">What. It takes the place of one that a group or the defaults set, as a whole.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid.</exception>
    public static TBuilder RequireAccess<TBuilder>(this TBuilder builder, AccessPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
