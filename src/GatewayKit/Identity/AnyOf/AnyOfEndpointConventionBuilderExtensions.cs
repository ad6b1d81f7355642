using GatewayKit.Identity.AnyOf;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Asks callers of endpoints for one of several credentials.</summary>
public static class AnyOfEndpointConventionBuilderExtensions
{
    private static readonly AnyOfPolicyValidator Validator = new();

    /// <summary>Requires one of several credentials at these endpoints. Several <c>Require…</c> calls beside each other ask for all.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policies">The ways, in the order in which they are looked for; at least two.</param>
    /// <exception cref="OptionsValidationException">Fewer than two, or one that has a mode of its own.</exception>
    public static TBuilder RequireAnyOf<TBuilder>(this TBuilder builder, params ICredentialPolicy[] policies)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(policies);
        return builder.WithGatewayPolicy(new AnyOfPolicy { Policies = policies }, Validator);
    }
}
